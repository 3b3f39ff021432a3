"""Keep computed results under a hash of everything they depend on."""
