"""Two sets of results held against one another, figure by figure."""
