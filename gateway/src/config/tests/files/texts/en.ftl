sign-in = Come in
