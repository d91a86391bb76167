"""The bytes of models, wherever they are kept: listed, hashed, and read again when they change."""
