-- A server that was given the login role bombyx_server, and not the owner, must see whether the database is up to date.

GRANT SELECT ON public.bombyx_migrations TO bombyx_server;
