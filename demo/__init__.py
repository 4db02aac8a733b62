"""A demonstration: a simulated rig, a simulated Globus, and the real daemon between them."""
