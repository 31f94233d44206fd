"""What AWS states, sells and charges, and what is assumed where it says nothing."""
