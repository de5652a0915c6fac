"""Requests are answered by the released model, recorded, and judged by those who got the answers."""
