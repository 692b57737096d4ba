DO $$
BEGIN
    ASSERT market.code_name('rejection', 68) = 'login_limit', 'its refusal has a name';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.logins', 'UPDATE, DELETE, TRUNCATE'), 'owners stay';
    ASSERT has_table_privilege('bombyx_auditor', 'market.logins', 'SELECT'), 'an auditor may read them';
    INSERT INTO market.logins (sequence, account, subject, created_at) VALUES (1, 1, 'ton:0:aa', now());
    BEGIN
        INSERT INTO market.logins (sequence, account, subject, created_at) VALUES (2, 2, 'ton:0:aa', now());
        ASSERT false, 'who logs in has one account';
    EXCEPTION WHEN unique_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO market.logins (sequence, account, subject, created_at) VALUES (2, 1, 'telegram:7', now());
        ASSERT false, 'an account belongs to one who logs in';
    EXCEPTION WHEN unique_violation THEN NULL;
    END;
    DELETE FROM market.logins;
END
$$;
