"""The button that sends the files a tune's message does not contain."""
