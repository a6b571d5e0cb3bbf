sign-in = x
sign-out
