// The protection of a client's Initial packets (RFC 9001 section 5): its keys follow from the connection id that the
// client chose, so that everybody on the path can take it off. It keeps middleboxes from guessing, not from reading.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "quic_initial.h"
#include "sha256.h"

namespace phantommesh {

// AEAD_AES_128_GCM and AES-128 in ECB mode (RFC 9001 sections 5.3 and 5.4.3).
struct QuicKeys {
  std::array<uint8_t, 16> key;
  std::array<uint8_t, 12> iv;
  std::array<uint8_t, 16> mask;
};

// An Initial packet without its protection.
struct OpenedPacket {
  std::span<const uint8_t> frames;  // valid until the next is opened
  bool isAuthentic = false;         // the tag was captured, and is right
};

class QuicProtection {
 public:
  QuicProtection();  // throws std::bad_alloc where OpenSSL gives no context

  // The client's keys for the connection id in its first packet.
  bool derive(const QuicVersion& version, std::span<const uint8_t> destinationId, QuicKeys& keys);
  // `captured` octets of the packet are at `bytes`. False: a wrong tag, reserved bits that are set, too little of it,
  // or longer than kPacketOctetsMax. What the capture cut is opened without a tag.
  bool open(const QuicKeys& keys, const QuicPacket& packet, const uint8_t* bytes, uint32_t captured,
            OpenedPacket& opened);

  static constexpr uint32_t kPacketOctetsMax = 16'384;

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

  bool expand(const Sha256::Digest& secret, const char* label, std::span<uint8_t> key);
  bool begin(const QuicKeys& keys, std::span<const uint8_t> number, const uint8_t* bytes, uint8_t firstOctet,
               const QuicPacket& packet);

  Sha256 sha256_;
  Context mask_;
  Context open_;
  std::array<uint8_t, kPacketOctetsMax> plain_;
};

}  // namespace phantommesh
