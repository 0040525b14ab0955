"""What models that learn no target share: how they are prepared, kept, exported and measured."""
