#pragma once
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <openssl/pem.h>

// For TLS: function-like macros are invisible to Swift, one inline function each.
static inline int COpenSSL_CTX_set_versions(SSL_CTX *ctx, int least, int most) {
    return SSL_CTX_set_min_proto_version(ctx, least) == 1 && SSL_CTX_set_max_proto_version(ctx, most) == 1;
}
static inline void COpenSSL_CTX_set_habits(SSL_CTX *ctx) {
    SSL_CTX_set_options(
        ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
}
static inline int COpenSSL_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline EVP_PKEY *COpenSSL_new_P256_key(void) { return EVP_EC_gen("P-256"); }
static inline size_t COpenSSL_memory_pending(BIO *bio) { return (size_t)BIO_pending(bio); }
static inline size_t COpenSSL_memory_bytes(BIO *bio, char **bytes) { return (size_t)BIO_get_mem_data(bio, bytes); }
static inline void COpenSSL_memory_clear(BIO *bio) { (void)BIO_reset(bio); }
