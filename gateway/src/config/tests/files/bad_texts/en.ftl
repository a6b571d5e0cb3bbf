sing-in = x
