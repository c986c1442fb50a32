"""How long a site is without a fresh picture after each kind of fault has been lifted."""
