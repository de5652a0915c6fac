"""Simulated worlds, labelers and traffic. They drive the system through its public interface only."""
