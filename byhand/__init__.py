"""byhand: definitions as visible loops, exact; every calculation as steps to read. Standard library only."""
