"""What holds for every test."""

from hypothesis import settings

# A machine that is busy with other things must not make a property false.
settings.register_profile("archived", deadline=None)
settings.load_profile("archived")
