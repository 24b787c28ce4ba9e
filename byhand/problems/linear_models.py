"""Linear models and nearest neighbours."""
