"""`/tune defaults` and `/tune settings`: a person's defaults and a workspace's rules, in forms."""
