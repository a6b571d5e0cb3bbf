sign-in = { $name }
