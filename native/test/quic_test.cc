// Goal: the hello of a client's first flight is read however its frames lie, nothing is read of what is not authentic,
// and a flood costs no more than its bound. Method: the vectors of RFC 9001 and RFC 9369; packets protected by the
// test with OpenSSL; cut and damaged at every octet.
#include <algorithm>
#include <random>

#include "../src/metadata/quic_reader.h"
#include "checks.h"
#include "hello_builder.h"
#include "quic_vectors.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

// Of the ClientHello in both RFCs (appendix A.2 of each): two suites, eleven extensions, ALPN "alpn"; by hand.
constexpr const char* kVectorJa4 = "q13d0211an_62ed6f6ca7ad_4d634acda6c0";
constexpr const char* kFoxioInQuic = "q13d1516h2_8daaf6152771_e5627efa2ab1";
const Octets kId = hex("8394c8f03e515708");

struct InitialParts {
  uint32_t version = 1;
  Octets id = kId;      // in the header
  Octets keyId = kId;   // of the keys
  uint32_t number = 2;
  Octets frames;
  size_t octets = 1170;  // of the payload, with PADDING
  Octets token;
};

Octets varint(uint64_t value) { return number(value | uint64_t{2} << 30, 4); }
Octets cryptoFrame(const Octets& message, size_t from, size_t to) {
  return join({{6}, varint(from), varint(to - from), slice(message, from, to)});
}

bool gcm(const QuicKeys& keys, uint32_t packetNumber, const Octets& header, Octets& payload) {
  std::array<uint8_t, 12> nonce = keys.iv;
  for (int i = 0; i < 4; ++i) nonce[11 - i] ^= static_cast<uint8_t>(packetNumber >> (8 * i));
  Octets sealed(payload.size() + 16);
  int n = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const bool isSound =
      EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, keys.key.data(), nonce.data()) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &n, header.data(), static_cast<int>(header.size())) == 1 &&
      EVP_EncryptUpdate(context, sealed.data(), &n, payload.data(), static_cast<int>(payload.size())) == 1 &&
      EVP_EncryptFinal_ex(context, sealed.data() + n, &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + payload.size()) == 1;
  EVP_CIPHER_CTX_free(context);
  payload = sealed;
  return isSound;
}

bool maskOf(const QuicKeys& keys, const uint8_t* sample, std::array<uint8_t, 16>& mask) {
  int n = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const bool isSound = EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, keys.mask.data(), nullptr) == 1 &&
                       EVP_EncryptUpdate(context, mask.data(), &n, sample, 16) == 1;
  EVP_CIPHER_CTX_free(context);
  return isSound;
}

// A protected Initial packet with a packet number of four octets, as in the vectors.
Octets initial(const InitialParts& parts) {
  const QuicVersion& version = *quicVersionOf(parts.version);
  QuicProtection protection;
  QuicKeys keys;
  CHECK(protection.derive(version, parts.keyId, keys));
  Octets payload = parts.frames;
  payload.resize(std::max(parts.octets, parts.frames.size()));
  Octets header = join({{static_cast<uint8_t>(0xc3 | version.initialType << 4)}, number(parts.version, 4),
                        vector(1, parts.id), vector(1, {}),
                        parts.token.empty() ? Octets{0} : join({varint(parts.token.size()), parts.token}),
                        number(0x4000 | (payload.size() + 20), 2), number(parts.number, 4)});
  CHECK(gcm(keys, parts.number, header, payload));
  std::array<uint8_t, 16> mask;
  CHECK(maskOf(keys, payload.data(), mask));
  header[0] ^= mask[0] & 15;
  for (size_t i = 0; i < 4; ++i) header[header.size() - 4 + i] ^= mask[1 + i];
  return join({header, payload});
}

bool send(QuicReader& reader, const Octets& datagram, PacketMetadata& metadata, size_t captured = SIZE_MAX,
          bool fromClient = true, uint64_t atUs = kStartUs) {
  metadata = PacketMetadata{};
  // The meter uses the place of an earlier packet again.
  metadata.tls.version = 0x0303;
  std::memset(metadata.tls.ja4, 'x', sizeof metadata.tls.ja4 - 1);
  const Sent sent(datagram, std::min(captured, datagram.size()));
  if (reader.read(packetOf(kUdp, fromClient, atUs), sent.payload(), metadata)) return true;
  metadata.tls = TlsHello{};  // of no meaning when nothing was read
  return false;
}

void checkVector(const char* packet, uint32_t version) {
  const Octets datagram = hex(packet);
  QuicReader reader(7);
  PacketMetadata metadata;
  CHECK(send(reader, datagram, metadata));
  CHECK(metadata.kind == MetadataKind::kQuicInitial);
  CHECK_EQUAL(metadata.quicVersion, version);
  CHECK(isSame(metadata.tls.ja4, kVectorJa4));
  CHECK_EQUAL(metadata.tls.serverNameOctets, 11);
  CHECK_EQUAL(metadata.tls.version, 0x0304);
  CHECK(isSame(metadata.tls.alpn, "alpn"));
  CHECK_EQUAL(reader.counters().hellos, 1);

  for (size_t captured = 0; captured < datagram.size(); ++captured) {
    QuicReader cut(7);
    send(cut, datagram, metadata, captured);
    // The hello ends 245 octets behind the header and the packet number; the rest is PADDING.
    CHECK_EQUAL(metadata.tls.ja4[0] != 0, captured >= 22 + 245);
  }
  for (size_t at = 0; at < datagram.size(); at += at < 64 ? 1 : 13) {
    Octets damaged = datagram;
    damaged[at] ^= 0x10;
    QuicReader other(7);
    send(other, damaged, metadata);
    CHECK_EQUAL(metadata.tls.ja4[0], 0);
  }
}

// A frame for each piece of the hello; the pieces are at most `octets` long.
std::vector<Octets> cryptoFrames(const Octets& message, size_t octets) {
  std::vector<Octets> frames;
  for (size_t at = 0; at < message.size(); at += octets) {
    frames.push_back(cryptoFrame(message, at, std::min(message.size(), at + octets)));
  }
  return frames;
}

}  // namespace

TEST("the client Initial of RFC 9001, appendix A.2, whole, cut at every octet, and damaged") {
  checkVector(kRfc9001ClientInitial, 1);
}

TEST("the client Initial of RFC 9369, appendix A.2, whole, cut at every octet, and damaged") {
  checkVector(kRfc9369ClientInitial, 0x6b3343cf);
}

TEST("the keys of RFC 9001, appendix A.1") {
  QuicProtection protection;
  QuicKeys keys;
  CHECK(protection.derive(*quicVersionOf(1), kId, keys));
  CHECK((Octets(keys.key.begin(), keys.key.end()) == hex("1f369613dd76d5467730efcbe3b1a22d")));
  CHECK((Octets(keys.iv.begin(), keys.iv.end()) == hex("fa044b2f42a3fd3b46fb255c")));
  CHECK((Octets(keys.mask.begin(), keys.mask.end()) == hex("9f50449e04a0e810283a1e9933adedd2")));
}

TEST("what the test protects equals the vector, so its other packets are good too") {
  const Octets message = hex(kRfcClientHello);
  const Octets frames = join({hex("060040f1"), message});
  CHECK(initial({.frames = frames, .octets = 1162, .token = {}}) == hex(kRfc9001ClientInitial));
  CHECK(initial({.version = 0x6b3343cf, .frames = frames, .octets = 1162, .token = {}}) == hex(kRfc9369ClientInitial));
}

TEST("frames in any order, repeated, with PADDING, PING and ACK between, in one packet or several") {
  std::mt19937_64 random(seed());
  const Octets message = foxioExample();
  for (int run = 0; run < 300; ++run) {
    std::vector<Octets> frames = cryptoFrames(message, 1 + random() % message.size());
    if (frames.size() > 60) continue;
    for (size_t extra = random() % 4; extra > 0; --extra) frames.push_back(frames[random() % frames.size()]);
    for (const char* other : {"000000", "01", "02010001000000", "0301000000010101"}) frames.push_back(hex(other));
    std::shuffle(frames.begin(), frames.end(), random);
    const size_t packets = 1 + random() % 3;
    QuicReader reader(7);
    PacketMetadata metadata;
    int read = 0;
    for (size_t packet = 0; packet < packets; ++packet) {
      Octets payload;
      for (size_t i = packet; i < frames.size(); i += packets) payload = join({payload, frames[i]});
      // A later packet has the server's connection id but the first one's keys.
      const Octets id = packet == 0 ? kId : hex("0102030405");
      CHECK(send(reader, initial({.id = id, .number = static_cast<uint32_t>(packet), .frames = payload, .token = {}}),
                 metadata));
      if (metadata.tls.ja4[0] == 0) continue;
      ++read;
      CHECK(isSame(metadata.tls.ja4, kFoxioInQuic));
    }
    CHECK_EQUAL(read, 1);
    CHECK_EQUAL(reader.counters().unauthentic, 0);
  }
}

TEST("two Initial packets in one datagram make one hello") {
  const Octets message = foxioExample();
  const Octets end = cryptoFrame(message, 150, message.size());
  const Octets first = initial({.number = 1, .frames = end, .octets = 500, .token = {}});
  const Octets second = initial({.number = 2, .frames = cryptoFrame(message, 0, 150), .octets = 700, .token = {}});
  QuicReader reader(7);
  PacketMetadata metadata;
  CHECK(send(reader, join({first, second}), metadata));
  CHECK(isSame(metadata.tls.ja4, kFoxioInQuic));
}

TEST("after a Retry the keys follow from the new connection id, and the token is passed") {
  const Octets message = foxioExample();
  const Octets id = hex("f0f1f2f3");
  QuicReader reader(7);
  PacketMetadata metadata;
  CHECK(send(reader, initial({.frames = cryptoFrame(message, 0, 100), .token = {}}), metadata));
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  const Octets whole = cryptoFrame(message, 0, message.size());
  CHECK(send(reader, initial({.id = id, .keyId = id, .frames = whole, .token = Octets(70, 1)}), metadata));
  CHECK(isSame(metadata.tls.ja4, kFoxioInQuic));
}

TEST("the server's packets, and the client's after its hello, are recognised but not opened") {
  const Octets message = foxioExample();
  const Octets whole = initial({.frames = cryptoFrame(message, 0, message.size()), .token = {}});
  const Octets half = initial({.frames = cryptoFrame(message, 0, 100), .token = {}});
  PacketMetadata metadata;
  QuicReader reader(7);
  send(reader, half, metadata);
  CHECK(send(reader, whole, metadata, SIZE_MAX, false));  // from the server: it would open, but is not tried
  CHECK_EQUAL(metadata.quicVersion, 1);
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  CHECK(send(reader, whole, metadata));
  CHECK(metadata.tls.ja4[0] != 0);
  for (const bool fromClient : {true, false}) {
    CHECK(send(reader, whole, metadata, SIZE_MAX, fromClient));
    CHECK_EQUAL(metadata.tls.ja4[0], 0);
  }
  CHECK_EQUAL(reader.counters().hellos, 1);
  CHECK(send(reader, whole, metadata, SIZE_MAX, true, kStartUs + 61'000'000));  // the ports again, a minute later
  CHECK(metadata.tls.ja4[0] != 0);
}

TEST("a flood of Initial packets is opened up to a bound a second, and the rest is counted") {
  const Octets datagram = hex(kRfc9001ClientInitial);
  QuicReader reader(7);
  constexpr int kFlood = 5'000;
  int read = 0;
  for (int i = 0; i < kFlood; ++i) {
    const Sent sent(datagram);
    PacketMetadata metadata;
    CHECK(reader.read(packetOf(kUdp, true, kStartUs + static_cast<uint64_t>(i), static_cast<uint16_t>(i)),
                      sent.payload(), metadata));
    read += metadata.tls.ja4[0] != 0;
  }
  CHECK_EQUAL(read, QuicReader::kDecryptionsPerSecond);
  CHECK_EQUAL(reader.counters().unread, kFlood - QuicReader::kDecryptionsPerSecond);
  PacketMetadata metadata;
  CHECK(send(reader, datagram, metadata, SIZE_MAX, true, kStartUs + 1'000'000));
  CHECK(metadata.tls.ja4[0] != 0);
}

TEST("small datagrams, other versions, other types and frames that make no sense give no hello") {
  const Octets message = foxioExample();
  const Octets frames = cryptoFrame(message, 0, message.size());
  QuicReader reader(7);
  PacketMetadata metadata;
  CHECK(send(reader, initial({.frames = frames, .octets = 600, .token = {}}), metadata));
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  Octets datagram = initial({.frames = frames, .token = {}});
  datagram[4] = 9;
  CHECK(!send(reader, datagram, metadata));
  datagram[4] = 1;
  datagram[0] ^= 0x20;  // Handshake
  CHECK(!send(reader, datagram, metadata));
  CHECK(send(reader, initial({.frames = join({{0x1f}, frames}), .token = {}}), metadata));
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  CHECK_EQUAL(reader.counters().malformed, 1);
  CHECK_EQUAL(reader.counters().hellos, 0);
}

TEST("a hello that begins beyond the buffer, or claims to, is given up and counted") {
  QuicReader reader(7);
  PacketMetadata metadata;
  const Octets far = join({{6}, varint(kHelloOctetsMax - 1), varint(2), {1, 1}});
  CHECK(send(reader, initial({.frames = far, .token = {}}), metadata));
  CHECK_EQUAL(reader.counters().tooLong, 1);
}
