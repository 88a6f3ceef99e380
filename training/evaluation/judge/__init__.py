"""The judge: two classifiers that try to tell composed tunes from real ones; `tunesmith evaluate --judge` says how well they can.

It measures and nothing else. It must never choose among candidates or train a model: a composer that is tuned to please the
judge would no longer be measured by it. What ranks candidates is in generator.composer.ranking and knows nothing of the judge.
"""
