"""The bytes of model versions, hashed and polled."""
