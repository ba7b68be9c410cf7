// The precompiled header of all tests needs one source besides doctest's implementation to be built for.
