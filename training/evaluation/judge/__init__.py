"""The judge: two classifiers that try to tell composed tunes from real ones; `tunesmith evaluate --judge` says how well they can.

It measures and nothing else. It must never choose among candidates or train a model: a composer that is tuned to please the
judge would no longer be measured by it. The critic that ranks candidates (see generator.composer.ranking) is fitted to training
tunes and to tunes for their headers, the judge to held-out tunes and to tunes for theirs. Both regressions measure the same
traits, so the judge's LSTM, which reads the notes themselves, shows what the critic cannot have learnt to hide.
"""
