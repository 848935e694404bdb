// TLS hellos, TLS and DTLS records and packets made octet by octet, so that a test can say what is in them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "../src/decode_transport.h"
#include "../src/metadata/packet_metadata.h"
#include "../src/packet.h"
#include "../src/payload.h"

namespace phantommesh::test {

using Octets = std::vector<uint8_t>;

inline Octets hex(std::string_view text) {
  const auto digit = [](char c) { return static_cast<uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  Octets octets;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    octets.push_back(static_cast<uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  }
  return octets;
}
inline Octets octetsOf(std::string_view text) { return {text.begin(), text.end()}; }

inline Octets join(std::initializer_list<Octets> pieces) {
  Octets all;
  for (const Octets& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}
inline Octets number(uint64_t value, int width) {
  Octets octets;
  for (int i = width - 1; i >= 0; --i) octets.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return octets;
}
inline Octets numbers(const std::vector<uint16_t>& values) {
  Octets octets;
  for (const uint16_t value : values) octets = join({octets, number(value, 2)});
  return octets;
}
// With its length before it, in `width` octets.
inline Octets vector(int width, const Octets& content) { return join({number(content.size(), width), content}); }
inline Octets slice(const Octets& octets, size_t from, size_t to) {
  return {octets.begin() + static_cast<std::ptrdiff_t>(from), octets.begin() + static_cast<std::ptrdiff_t>(to)};
}

inline Octets extension(uint16_t type, const Octets& data) { return join({number(type, 2), vector(2, data)}); }
inline Octets serverName(std::string_view name) {
  return extension(0, vector(2, join({{0}, vector(2, octetsOf(name))})));
}
inline Octets alpn(const std::vector<Octets>& protocols) {
  Octets list;
  for (const Octets& protocol : protocols) list = join({list, vector(1, protocol)});
  return extension(16, vector(2, list));
}
inline Octets signatureAlgorithms(const std::vector<uint16_t>& values) {
  return extension(13, vector(2, numbers(values)));
}
inline Octets supportedVersions(const std::vector<uint16_t>& values) {
  return extension(43, vector(1, numbers(values)));
}

struct ClientHelloParts {
  uint16_t version = 0x0303;
  bool isDtls = false;
  std::vector<uint16_t> suites;
  Octets extensions;
  bool hasExtensions = true;
};

inline Octets handshake(uint8_t type, const Octets& body) { return join({{type}, vector(3, body)}); }

inline Octets clientHello(const ClientHelloParts& parts) {
  return handshake(1, join({number(parts.version, 2), Octets(32, 0x5a), vector(1, Octets(32, 0x77)),
                            parts.isDtls ? vector(1, Octets(20, 0x33)) : Octets{}, vector(2, numbers(parts.suites)),
                            vector(1, {0}), parts.hasExtensions ? vector(2, parts.extensions) : Octets{}}));
}
inline Octets serverHello(uint16_t version, uint16_t suite, const Octets& extensions) {
  return handshake(2, join({number(version, 2), Octets(32, 0xa5), vector(1, {}), number(suite, 2), {0},
                            vector(2, extensions)}));
}

// The hello of the example in FoxIO's JA4.md: t13d1516h2_8daaf6152771_e5627efa2ab1. With GREASE, as Chrome sends it.
inline Octets foxioExample() {
  const std::vector<uint16_t> suites = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                        0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  const Octets extensions =
      join({extension(0x7a7a, {}), extension(0x001b, {2, 0, 2}), serverName("www.example.org"),
            extension(0x0033, Octets(43, 9)), alpn({octetsOf("h2"), octetsOf("http/1.1")}),
            extension(0x4469, {0, 3, 2, 'h', '2'}), extension(0x0017, {}), extension(0x002d, {1, 1}),
            signatureAlgorithms({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}),
            extension(0x0005, {1, 0, 0, 0, 0}), extension(0x0023, {}), extension(0x0012, {}),
            supportedVersions({0xfafa, 0x0304, 0x0303}), extension(0xff01, {0}),
            extension(0x000b, {1, 0}), extension(0x000a, {0, 4, 0, 29, 0, 23}), extension(0x0015, Octets(40, 0)),
            extension(0x1a1a, {0})});
  return clientHello({.suites = suites, .extensions = extensions});
}
inline constexpr const char* kFoxioJa4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";

inline Octets record(const Octets& fragment, uint8_t type = 22) {
  return join({{type, 3, 1}, vector(2, fragment)});
}

// A copy of exactly the captured octets, so that a sanitizer sees a read behind them.
class Sent {
 public:
  explicit Sent(const Octets& octets) : Sent(octets, octets.size()) {}
  Sent(const Octets& octets, size_t captured)
      : bytes_(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(captured)), octets_(octets.size()) {
    bytes_.shrink_to_fit();
  }
  Payload payload() const {
    return {bytes_.data(), static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(octets_)};
  }

 private:
  Octets bytes_;
  size_t octets_;
};

inline constexpr uint64_t kStartUs = 1'700'000'000'000'000;

inline Packet packetOf(uint8_t protocol, bool fromClient, uint64_t atUs = kStartUs, uint16_t clientPort = 40'000) {
  Packet packet;
  packet.timestampUs = atUs;
  packet.protocol = protocol;
  packet.ipVersion = 4;
  packet.source = {0x0100000a, 0};
  packet.destination = {0x090200c0, 0};
  packet.sourcePort = clientPort;
  packet.destinationPort = 443;
  if (fromClient) return packet;
  std::swap(packet.source, packet.destination);
  std::swap(packet.sourcePort, packet.destinationPort);
  return packet;
}

inline bool isSame(const char* text, std::string_view wanted) { return wanted == text; }

}  // namespace phantommesh::test
