// Goal: a hello is read the same however it arrives, a fingerprint is never made of half of one, and JA4 equals FoxIO's
// specification. Method: hellos made octet by octet, cut and split at every place; FoxIO's own examples.
#include <algorithm>

#include "../src/metadata/tls_reader.h"
#include "checks.h"
#include "hello_builder.h"

using namespace phantommesh;
using namespace phantommesh::test;

namespace {

constexpr uint32_t kSequence = 0xffffff80;  // wraps within the hello

bool send(TlsReader& reader, const Octets& octets, uint32_t offset, PacketMetadata& metadata,
          size_t captured = SIZE_MAX, uint64_t atUs = kStartUs, bool fromClient = true) {
  Packet packet = packetOf(kTcp, fromClient, atUs);
  packet.tcpSequence = kSequence + offset;
  const Sent sent(octets, std::min(captured, octets.size()));
  return reader.read(packet, sent.payload(), metadata);
}

TlsHello readWhole(const Octets& message, uint8_t protocol = kTcp, const Octets& datagram = {}) {
  TlsReader reader(7);
  PacketMetadata metadata;
  const Sent sent(protocol == kTcp ? record(message) : datagram);
  CHECK(reader.read(packetOf(protocol, true), sent.payload(), metadata));
  CHECK(metadata.kind == MetadataKind::kTlsHello);
  return metadata.tls;
}

std::string ja4Of(const ClientHelloParts& parts) { return readWhole(clientHello(parts)).ja4; }
std::string alpnPartOf(const Octets& protocol) {
  return ja4Of({.suites = {0x1301}, .extensions = alpn({protocol})}).substr(8, 2);
}

// The three pieces of a record, in an order, some of them twice: the hello once, or nothing.
void checkPieces(const Octets& stream, size_t first, size_t second, const std::vector<int>& order, bool isWhole) {
  TlsReader reader(7);
  const size_t bounds[] = {0, first, second, stream.size()};
  int read = 0;
  for (const int piece : order) {
    PacketMetadata metadata;
    const Octets octets = slice(stream, bounds[piece], bounds[piece + 1]);
    if (!send(reader, octets, static_cast<uint32_t>(bounds[piece]), metadata)) continue;
    ++read;
    CHECK(isSame(metadata.tls.ja4, kFoxioJa4));
    CHECK_EQUAL(metadata.tls.serverNameOctets, 15);
  }
  CHECK_EQUAL(read, isWhole ? 1 : 0);
  CHECK_EQUAL(reader.counters().hellos, isWhole ? 1 : 0);
  CHECK_EQUAL(reader.counters().malformed, 0);
}

Octets dtlsFragment(const Octets& message, size_t from, size_t to, uint16_t sequence = 0) {
  const Octets body = slice(message, 4, message.size());
  const Octets fragment = join({{message[0]}, number(body.size(), 3), number(sequence, 2), number(from, 3),
                                number(to - from, 3), slice(body, from, to)});
  return join({{22, 0xfe, 0xff}, number(0, 8), vector(2, fragment)});
}

}  // namespace

TEST("JA4 equals the example of FoxIO's specification, GREASE or not") {
  const TlsHello hello = readWhole(foxioExample());
  CHECK(isSame(hello.ja4, kFoxioJa4));
  CHECK(!hello.isServer);
  CHECK(hello.hasServerName);
  CHECK_EQUAL(hello.serverNameOctets, 15);
  CHECK_EQUAL(hello.version, 0x0304);
  CHECK(isSame(hello.alpn, "h2"));
}

TEST("JA4 without signature algorithms ends without an underscore: FoxIO's second example") {
  const std::vector<uint16_t> types = {0x0005, 0x000a, 0x000b, 0x0012, 0x0015, 0x0017, 0x001b,
                                       0x0023, 0x002d, 0x0033, 0x4469, 0xff01};
  Octets extensions = join({supportedVersions({0x0304}), signatureAlgorithms({})});
  for (const uint16_t type : types) extensions = join({extensions, extension(type, {})});
  CHECK(ja4Of({.suites = {0x1301}, .extensions = extensions}).substr(24) == "6d807ffa2a79");
}

TEST("the first and last characters of the first protocol, or of its hexadecimal text: FoxIO's table") {
  CHECK(alpnPartOf({0xab}) == "ab");
  CHECK(alpnPartOf({0x20}) == "20");
  CHECK(alpnPartOf({0xab, 0xcd}) == "ad");
  CHECK(alpnPartOf({0x20, 0x61}) == "21");
  CHECK(alpnPartOf({0x30, 0xab}) == "3b");
  CHECK(alpnPartOf({0x61, 0x20}) == "60");
  CHECK(alpnPartOf({0x30, 0x31, 0xab, 0xcd}) == "3d");
  CHECK(alpnPartOf({0x30, 0xab, 0xcd, 0x31}) == "01");
  CHECK(alpnPartOf(octetsOf("http/1.1")) == "h1");
  CHECK(alpnPartOf(octetsOf("x")) == "xx");
  CHECK(alpnPartOf({}) == "00");
}

TEST("what is absent shows as i, 00 and zeros; more than 99 as 99") {
  const ClientHelloParts nothing{.version = 0x0301, .suites = {}, .extensions = {}, .hasExtensions = false};
  CHECK(ja4Of(nothing) == "t10i000000_000000000000_000000000000");
  CHECK(ja4Of({.suites = {0x0a0a}, .extensions = join({serverName("a"), alpn({octetsOf("h2")})})}) ==
        "t12d0002h2_000000000000_000000000000");
  std::vector<uint16_t> suites;
  for (uint16_t suite = 0; suite < 120; ++suite) suites.push_back(suite);
  CHECK(ja4Of({.version = 0x0300, .suites = suites, .extensions = {}}).substr(0, 10) == "ts3i990000");
  CHECK(ja4Of({.suites = {1}, .extensions = supportedVersions({0x7f1c, 0x0304})}).substr(0, 3) == "t00");
  CHECK(ja4Of({.suites = {1}, .extensions = supportedVersions({0x0303, 0x3a3a})}).substr(0, 3) == "t12");
}

TEST("a ServerHello tells the version, the cipher suite and, in TLS 1.2, the protocol chosen") {
  TlsReader reader(7);
  PacketMetadata metadata;
  const Octets certificate = handshake(11, Octets(3000, 1));
  const Octets stream = record(join({serverHello(0x0303, 0xc02f, alpn({octetsOf("http/1.1")})), certificate}));
  CHECK(send(reader, slice(stream, 0, 1400), 0, metadata, SIZE_MAX, kStartUs, false));
  CHECK(metadata.tls.isServer);
  CHECK_EQUAL(metadata.tls.version, 0x0303);
  CHECK_EQUAL(metadata.tls.cipherSuite, 0xc02f);
  CHECK(isSame(metadata.tls.alpn, "http/1.1"));
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  const TlsHello hello = readWhole(serverHello(0x0303, 0x1302, extension(43, {3, 4})));
  CHECK_EQUAL(hello.version, 0x0304);
  CHECK_EQUAL(hello.cipherSuite, 0x1302);
}

TEST("a hello cut by the capture at any octet is begun but has no JA4") {
  const Octets stream = record(foxioExample());
  for (size_t captured = 0; captured < stream.size(); ++captured) {
    TlsReader reader(7);
    PacketMetadata metadata;
    const bool isRead = send(reader, stream, 0, metadata, captured);
    CHECK_EQUAL(isRead, captured >= 9);
    CHECK_EQUAL(metadata.tls.ja4[0], 0);
    CHECK_EQUAL(reader.counters().hellos, 0);
    CHECK_EQUAL(reader.counters().malformed, 0);
    CHECK_EQUAL(reader.counters().assemblies.opened, 0);
    if (isRead) CHECK_EQUAL(reader.counters().cut, 1);
  }
  TlsReader reader(7);
  PacketMetadata metadata;
  CHECK(send(reader, stream, 0, metadata, 160));
  CHECK_EQUAL(metadata.tls.serverNameOctets, 15);
}

TEST("a message that ends at any octet short of its lengths is no hello, and never has a JA4") {
  const Octets whole = foxioExample();
  constexpr size_t kBeforeExtensions = 2 + 32 + (1 + 32) + (2 + 32) + (1 + 1);
  for (size_t octets = 0; octets + 4 < whole.size(); ++octets) {
    HandshakeBody body{kClientHello, false, nullptr, static_cast<uint32_t>(octets), static_cast<uint32_t>(octets)};
    const Octets exact = slice(whole, 4, 4 + octets);
    body.bytes = exact.data();
    HelloView view;
    CHECK(readHello(body, view) == (octets == kBeforeExtensions ? HelloReading::kWhole : HelloReading::kNone));
  }
}

TEST("two segments, split at every octet, in order and with each repeated") {
  const Octets stream = record(foxioExample());
  for (size_t split = 1; split < stream.size(); ++split) {
    checkPieces(stream, split, split, {0, 2}, true);
    checkPieces(stream, split, split, {0, 0, 2}, true);
  }
}

TEST("three segments, split at every pair of octets, in order and with the last two swapped") {
  const Octets stream = record(foxioExample());
  for (size_t first = 1; first < stream.size(); first += first < 64 ? 1 : 7) {
    for (size_t second = first + 1; second < stream.size(); second += 5) {
      checkPieces(stream, first, second, {0, 1, 2}, true);
      checkPieces(stream, first, second, {0, 2, 0, 2, 1}, true);
      if (first >= 6) checkPieces(stream, first, second, {1, 2, 0}, false);
    }
  }
}

TEST("segments that overlap, with other octets where they do, do not change what came first") {
  const Octets stream = record(foxioExample());
  for (size_t split = 8; split < stream.size(); ++split) {
    TlsReader reader(7);
    PacketMetadata metadata;
    CHECK(!send(reader, slice(stream, 0, split), 0, metadata));
    Octets later = slice(stream, split - 8, stream.size());
    std::fill(later.begin(), later.begin() + 8, 0xee);
    CHECK(send(reader, later, static_cast<uint32_t>(split - 8), metadata));
    CHECK(isSame(metadata.tls.ja4, kFoxioJa4));
  }
}

TEST("records may split the message anywhere, also into single octets") {
  const Octets message = foxioExample();
  for (size_t size = 1; size < message.size(); ++size) {
    Octets stream;
    for (size_t at = 0; at < message.size(); at += size) {
      stream = join({stream, record(slice(message, at, std::min(message.size(), at + size)))});
    }
    TlsReader reader(7);
    PacketMetadata metadata;
    CHECK(send(reader, stream, 0, metadata));
    CHECK(isSame(metadata.tls.ja4, kFoxioJa4));
  }
}

TEST("a hello sent octet by octet is read with its last") {
  const Octets stream = record(foxioExample());
  TlsReader reader(7);
  for (uint32_t at = 0; at < stream.size(); ++at) {
    PacketMetadata metadata;
    CHECK_EQUAL(send(reader, {stream[at]}, at, metadata), at + 1 == stream.size());
    CHECK_EQUAL(metadata.tls.ja4[0] != 0, at + 1 == stream.size());
  }
}

TEST("a hello of which the capture cuts a later segment is begun, without JA4") {
  const Octets stream = record(foxioExample());
  TlsReader reader(7);
  PacketMetadata metadata;
  CHECK(!send(reader, slice(stream, 0, 170), 0, metadata));
  CHECK(send(reader, slice(stream, 170, stream.size()), 170, metadata, 20));
  CHECK_EQUAL(metadata.tls.serverNameOctets, 15);
  CHECK_EQUAL(metadata.tls.ja4[0], 0);
  CHECK_EQUAL(reader.counters().cut, 1);
}

TEST("what does not end is forgotten after its time, what is too long at once, and both are counted") {
  const Octets stream = record(foxioExample());
  TlsReader reader(7);
  PacketMetadata metadata;
  CHECK(!send(reader, slice(stream, 0, 100), 0, metadata));
  CHECK(!send(reader, slice(stream, 100, stream.size()), 100, metadata, SIZE_MAX, kStartUs + 10'000'001));
  CHECK_EQUAL(reader.counters().assemblies.expired, 1);
  Octets endless = record(join({{1, 0, 0x40, 0, 3, 3}, Octets(2000, 0)}));
  CHECK(!send(reader, endless, 0, metadata));
  CHECK_EQUAL(reader.counters().tooLong, 1);
  CHECK_EQUAL(reader.counters().assemblies.opened, 2);
}

TEST("more hellos at once than there is room for replace the oldest of their set") {
  const Octets stream = record(foxioExample());
  TlsReader reader(7);
  constexpr uint16_t kFlows = 2'000;
  int read = 0;
  for (int piece = 0; piece < 2; ++piece) {
    for (uint16_t flow = 0; flow < kFlows; ++flow) {
      Packet packet = packetOf(kTcp, true, kStartUs + flow, flow);
      packet.tcpSequence = piece == 0 ? 1 : 101;
      const Sent sent(piece == 0 ? slice(stream, 0, 100) : slice(stream, 100, stream.size()));
      PacketMetadata metadata;
      read += reader.read(packet, sent.payload(), metadata);
    }
  }
  CHECK_EQUAL(reader.counters().assemblies.replaced, kFlows - 256);
  CHECK_EQUAL(read, 256);
}

TEST("application data, alerts, other records and other protocols are no hellos") {
  const Octets message = foxioExample();
  TlsReader reader(7);
  PacketMetadata metadata;
  for (int type = 0; type < 256; ++type) {
    if (type != 22) CHECK(!send(reader, record(message, static_cast<uint8_t>(type)), 0, metadata));
    Octets other = message;
    other[0] = static_cast<uint8_t>(type);
    if (type != kClientHello && type != kServerHello) CHECK(!send(reader, record(other), 0, metadata));
  }
  // An encrypted Finished of TLS 1.2 whose first octet is 1.
  CHECK(!send(reader, record(join({{1}, Octets(39, 0xc7)})), 0, metadata));
  const Sent sent(record(message));
  CHECK(!reader.read(packetOf(kSctp, true), sent.payload(), metadata));
  CHECK(!reader.read(packetOf(kUdp, true), sent.payload(), metadata));
  CHECK(metadata.kind == MetadataKind::kNone);
  CHECK_EQUAL(reader.counters().hellos, 0);
}

TEST("a DTLS hello is read whole or in fragments in any order; its JA4 begins with d") {
  const Octets extensions = join({supportedVersions({0xfefd}), signatureAlgorithms({0x0403})});
  const Octets message = clientHello({.version = 0xfefd, .isDtls = true, .suites = {0xc02b}, .extensions = extensions});
  const size_t body = message.size() - 4;
  const TlsHello whole = readWhole(message, kUdp, dtlsFragment(message, 0, body));
  CHECK(std::string(whole.ja4).substr(0, 10) == "dd2i010200");
  CHECK_EQUAL(whole.version, 0xfefd);
  for (size_t split = 1; split < body; ++split) {
    for (const bool isSwapped : {false, true}) {
      TlsReader reader(7);
      PacketMetadata metadata;
      const Octets first = dtlsFragment(message, isSwapped ? split : 0, isSwapped ? body : split);
      const Octets second = dtlsFragment(message, isSwapped ? 0 : split, isSwapped ? split : body);
      CHECK(!reader.read(packetOf(kUdp, true), Sent(first).payload(), metadata));
      const Octets other = dtlsFragment(handshake(3, Octets(40, 0)), 0, 40);
      CHECK(reader.read(packetOf(kUdp, true), Sent(join({other, second})).payload(), metadata));
      CHECK(isSame(metadata.tls.ja4, whole.ja4));
    }
  }
  const Octets datagram = dtlsFragment(message, 0, body);
  for (size_t captured = 0; captured < datagram.size(); ++captured) {
    TlsReader reader(7);
    PacketMetadata metadata;
    CHECK_EQUAL(reader.read(packetOf(kUdp, true), Sent(datagram, captured).payload(), metadata), captured >= 25);
    CHECK_EQUAL(metadata.tls.ja4[0], 0);
  }
}
