// SHA-256 and HMAC (FIPS 180-4, RFC 2104) through OpenSSL's EVP, with one context for the lifetime of its owner:
// nothing is allocated a digest. Inside Node the symbols are those of its own OpenSSL 3; only the stable EVP interface
// is used.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace phantommesh {

class Sha256 {
 public:
  static constexpr size_t kOctets = 32;
  static constexpr size_t kBlockOctets = 64;
  using Digest = std::array<uint8_t, kOctets>;

  Sha256();  // throws std::bad_alloc where OpenSSL gives no context

  void start();
  void add(std::span<const uint8_t> octets);
  // False when OpenSSL refused anything since `start`; the digest is then zero.
  bool finish(Digest& digest);
  // `key` has at most a block. False as above, or when it is longer.
  bool authenticate(std::span<const uint8_t> key, std::span<const uint8_t> message, Digest& code);

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool isSound_ = false;
};

}  // namespace phantommesh
