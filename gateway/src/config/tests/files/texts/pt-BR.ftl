sign-in = Entrar
signed-in-as = { $person } entrou.
