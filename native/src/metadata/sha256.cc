#include "sha256.h"

#include <cstring>
#include <new>

namespace phantommesh {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

// Without a type the context keeps its own, so nothing is fetched or allocated again.
void Sha256::start() { isSound_ = EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1; }

void Sha256::add(std::span<const uint8_t> octets) {
  isSound_ = isSound_ && EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1;
}

bool Sha256::finish(Digest& digest) {
  unsigned octets = 0;
  isSound_ = isSound_ && EVP_DigestFinal_ex(context_.get(), digest.data(), &octets) == 1 && octets == kOctets;
  if (!isSound_) digest = {};
  return isSound_;
}

bool Sha256::authenticate(std::span<const uint8_t> key, std::span<const uint8_t> message, Digest& code) {
  if (key.size() > kBlockOctets) return false;
  std::array<uint8_t, kBlockOctets> padded{};
  std::memcpy(padded.data(), key.data(), key.size());
  for (uint8_t& octet : padded) octet ^= 0x36;
  start();
  add(padded);
  add(message);
  Digest inner;
  if (!finish(inner)) return false;
  for (uint8_t& octet : padded) octet ^= 0x36 ^ 0x5c;
  start();
  add(padded);
  add(inner);
  return finish(code);
}

}  // namespace phantommesh
