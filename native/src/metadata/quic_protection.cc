#include "quic_protection.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace phantommesh {
namespace {

constexpr uint32_t kTagOctets = 16;
constexpr uint32_t kSampleOctets = 16;
constexpr uint32_t kNumberOctetsMax = 4;  // the sample starts where the longest packet number would end
constexpr uint8_t kProtectedBits = 0x0f;  // of the first octet of a long header
constexpr uint8_t kReservedBits = 0x0c;

}  // namespace

QuicProtection::QuicProtection() : mask_(EVP_CIPHER_CTX_new()), open_(EVP_CIPHER_CTX_new()) {
  const bool isSound = mask_ && open_ &&
                       EVP_EncryptInit_ex(mask_.get(), EVP_aes_128_ecb(), nullptr, nullptr, nullptr) == 1 &&
                       EVP_CIPHER_CTX_set_padding(mask_.get(), 0) == 1 &&
                       EVP_DecryptInit_ex(open_.get(), EVP_aes_128_gcm(), nullptr, nullptr, nullptr) == 1;
  if (!isSound) throw std::bad_alloc();
}

bool QuicProtection::derive(const QuicVersion& version, std::span<const uint8_t> destinationId, QuicKeys& keys) {
  Sha256::Digest initial;
  Sha256::Digest client;
  return sha256_.authenticate(version.salt, destinationId, initial) &&  // HKDF-Extract, RFC 5869 section 2.2
         expand(initial, "client in", client) && expand(client, version.keyLabel, keys.key) &&
         expand(client, version.ivLabel, keys.iv) && expand(client, version.maskLabel, keys.mask);
}

// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1), of at most one digest: a single round of HMAC.
bool QuicProtection::expand(const Sha256::Digest& secret, const char* label, std::span<uint8_t> key) {
  static constexpr char kPrefix[] = "tls13 ";
  std::array<uint8_t, 32> info{};
  const size_t labelOctets = std::strlen(label);
  size_t at = 0;
  info[at++] = 0;
  info[at++] = static_cast<uint8_t>(key.size());
  info[at++] = static_cast<uint8_t>(sizeof kPrefix - 1 + labelOctets);
  std::memcpy(&info[at], kPrefix, sizeof kPrefix - 1);
  at += sizeof kPrefix - 1;
  std::memcpy(&info[at], label, labelOctets);
  at += labelOctets;
  info[at++] = 0;  // the context's length
  info[at++] = 1;  // the round of HKDF-Expand
  Sha256::Digest code;
  if (!sha256_.authenticate(secret, std::span(info).first(at), code)) return false;
  std::memcpy(key.data(), code.data(), key.size());
  return true;
}

bool QuicProtection::open(const QuicKeys& keys, const QuicPacket& packet, const uint8_t* bytes, uint32_t captured,
                          OpenedPacket& opened) {
  const uint32_t sampleAt = packet.numberAt + kNumberOctetsMax;
  if (sampleAt + kSampleOctets > std::min(captured, packet.octets) || packet.octets > kPacketOctetsMax) return false;
  std::array<uint8_t, kSampleOctets> mask;
  int written = 0;
  if (EVP_EncryptInit_ex(mask_.get(), nullptr, nullptr, keys.mask.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(mask_.get(), mask.data(), &written, bytes + sampleAt, kSampleOctets) != 1 ||
      written != kSampleOctets) {
    return false;
  }
  const auto firstOctet = static_cast<uint8_t>(bytes[0] ^ (mask[0] & kProtectedBits));
  if ((firstOctet & kReservedBits) != 0) return false;
  std::array<uint8_t, kNumberOctetsMax> number;
  const uint32_t numberOctets = (firstOctet & 3u) + 1;
  for (uint32_t i = 0; i < numberOctets; ++i) number[i] = bytes[packet.numberAt + i] ^ mask[1 + i];
  if (!begin(keys, std::span(number).first(numberOctets), bytes, firstOctet, packet)) return false;

  const uint32_t start = packet.numberAt + numberOctets;
  const uint32_t present = std::min(captured, packet.octets - kTagOctets) - start;
  if (EVP_DecryptUpdate(open_.get(), plain_.data(), &written, bytes + start, static_cast<int>(present)) != 1 ||
      written != static_cast<int>(present)) {
    return false;
  }
  opened.frames = std::span(plain_).first(present);
  opened.isAuthentic = captured >= packet.octets;
  if (!opened.isAuthentic) return true;
  std::array<uint8_t, kTagOctets> tag;
  std::memcpy(tag.data(), bytes + packet.octets - kTagOctets, kTagOctets);
  uint8_t nothing;
  return EVP_CIPHER_CTX_ctrl(open_.get(), EVP_CTRL_AEAD_SET_TAG, kTagOctets, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(open_.get(), &nothing, &written) == 1;
}

// The nonce is the initialisation vector with the packet number in it, and the header without its protection is the
// associated data (RFC 9001 section 5.3).
bool QuicProtection::begin(const QuicKeys& keys, std::span<const uint8_t> number, const uint8_t* bytes,
                             uint8_t firstOctet, const QuicPacket& packet) {
  std::array<uint8_t, 12> nonce = keys.iv;
  for (size_t i = 0; i < number.size(); ++i) nonce[nonce.size() - number.size() + i] ^= number[i];
  int written = 0;
  const auto associate = [&](const uint8_t* octets, size_t count) {
    return EVP_DecryptUpdate(open_.get(), nullptr, &written, octets, static_cast<int>(count)) == 1;
  };
  return EVP_DecryptInit_ex(open_.get(), nullptr, nullptr, keys.key.data(), nonce.data()) == 1 &&
         associate(&firstOctet, 1) && associate(bytes + 1, packet.numberAt - 1) &&
         associate(number.data(), number.size());
}

}  // namespace phantommesh
