"""Tasks of games: generate, translate, detect."""
