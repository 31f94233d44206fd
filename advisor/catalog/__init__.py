"""What AWS states, sells and charges, and what is assumed where it is silent: limits, instances, prices, assumptions."""
