#include "dns_message.h"

#include "../header_reader.h"
#include "text_measures.h"

namespace phantommesh {
namespace {

constexpr uint32_t kHeaderOctets = 12;
constexpr uint32_t kNameOctetsMax = 255;   // RFC 1035 section 2.3.4, with the length octets and the root's
constexpr uint32_t kTextOctetsMax = kNameOctetsMax - 2;
constexpr uint32_t kQuestionOctetsMin = 5;  // the root's name, type, class
constexpr uint32_t kRecordOctetsMin = 11;   // the root's name, type, class, TTL, RDLENGTH
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeAaaa = 28;
constexpr uint16_t kClassInternet = 1;
constexpr uint16_t kClassMask = 0x7fff;  // the upper bit is mDNS's cache flush, RFC 6762 section 10.2

enum class Reading : uint8_t { kDone, kCut, kBroken };

// Where the reading stands; at <= captured <= octets.
struct Cursor {
  const Payload& message;
  uint32_t at = kHeaderOctets;

  Reading has(uint32_t count) const {
    if (count > message.octets - at) return Reading::kBroken;
    return count > message.captured - at ? Reading::kCut : Reading::kDone;
  }
  const uint8_t* here() const { return message.bytes + at; }
};

struct Header {
  uint8_t opcode;
  bool hasReservedBit;
  uint16_t questions;
  uint16_t answers;
  uint32_t otherRecords;  // authority and additional
};

Header headerOf(const uint8_t* bytes) {
  return {static_cast<uint8_t>(bytes[2] >> 3 & 15), (bytes[3] & 0x40) != 0, read16(bytes + 4), read16(bytes + 6),
          uint32_t{read16(bytes + 8)} + read16(bytes + 10)};
}

// QUERY, IQUERY, STATUS, NOTIFY, UPDATE (IANA DNS OpCodes).
bool isOpcode(uint8_t opcode) { return opcode <= 5 && opcode != 3; }

bool isPlausible(const Header& header, const DnsMessage& message, uint32_t octets) {
  if (!isOpcode(header.opcode) || header.hasReservedBit) return false;
  const uint32_t records = header.answers + header.otherRecords;
  // Nothing but a header: a server that could not read the question says so (RFC 1035 section 4.1.1, FORMERR).
  if (header.questions + records == 0) {
    return message.isResponse && message.responseCode != 0 && octets == kHeaderOctets;
  }
  return header.questions * kQuestionOctetsMin + records * kRecordOctetsMin <= octets - kHeaderOctets;
}

// A name as text in lower case, and what is counted of it.
struct Name {
  uint8_t text[kTextOctetsMax];
  uint32_t octets = 0;
  uint8_t labels = 0;
  uint8_t longestLabel = 0;

  // False when the name grows beyond what RFC 1035 allows.
  bool append(const uint8_t* label, uint8_t length) {
    if (octets + 1 + length > kTextOctetsMax) return false;
    if (labels > 0) text[octets++] = '.';
    for (uint8_t i = 0; i < length; ++i) {
      text[octets++] = label[i] >= 'A' && label[i] <= 'Z' ? static_cast<uint8_t>(label[i] + 32) : label[i];
    }
    ++labels;
    if (length > longestLabel) longestLabel = length;
    return true;
  }
};

// The first question's. It holds no pointer: those go back to an earlier name (RFC 1035 section 4.1.4), and before it
// there is only the header.
Reading readName(Cursor& cursor, Name& name) {
  for (;;) {
    if (const Reading reading = cursor.has(1); reading != Reading::kDone) return reading;
    const uint8_t length = *cursor.here();
    if (length > 63) return Reading::kBroken;
    if (const Reading reading = cursor.has(1u + length); reading != Reading::kDone) return reading;
    cursor.at += 1u + length;
    if (length == 0) return Reading::kDone;
    if (!name.append(cursor.here() - length, length)) return Reading::kBroken;
  }
}

// Over a name of which nothing is wanted: its pointer, if it ends in one, is checked but not followed.
Reading skipName(Cursor& cursor) {
  const uint32_t start = cursor.at;
  while (cursor.at - start < kNameOctetsMax) {
    if (const Reading reading = cursor.has(1); reading != Reading::kDone) return reading;
    const uint8_t length = *cursor.here();
    const bool isPointer = length >= 0xc0;
    if (length > 63 && !isPointer) return Reading::kBroken;
    const uint32_t taken = isPointer ? 2u : 1u + length;
    if (const Reading reading = cursor.has(taken); reading != Reading::kDone) return reading;
    if (isPointer) {
      const uint32_t target = read16(cursor.here()) & 0x3fffu;
      if (target < kHeaderOctets || target >= start) return Reading::kBroken;
    }
    cursor.at += taken;
    if (isPointer || length == 0) return Reading::kDone;
  }
  return Reading::kBroken;
}

Reading readQuestion(Cursor& cursor, DnsMessage& message) {
  Name name;
  if (const Reading reading = readName(cursor, name); reading != Reading::kDone) return reading;
  if (const Reading reading = cursor.has(4); reading != Reading::kDone) return reading;
  message.hasQuestion = true;
  message.queryType = read16(cursor.here());
  message.nameOctets = static_cast<uint8_t>(name.octets);
  message.labels = name.labels;
  message.longestLabel = name.longestLabel;
  message.nameEntropy = entropyOf(name.text, name.octets);
  message.nameHash = hashOctets(name.text, name.octets);
  cursor.at += 4;
  return Reading::kDone;
}

Reading skipQuestion(Cursor& cursor) {
  if (const Reading reading = skipName(cursor); reading != Reading::kDone) return reading;
  if (const Reading reading = cursor.has(4); reading != Reading::kDone) return reading;
  cursor.at += 4;
  return Reading::kDone;
}

void keepAddress(uint16_t type, const uint8_t* data, DnsMessage& message) {
  if (message.addressCount == DnsMessage::kAddressesMax) return;
  const uint8_t place = message.addressCount++;
  message.addresses[place] = type == kTypeA ? readAddress4(data) : readAddress6(data);
  message.addressVersions[place] = type == kTypeA ? 4 : 6;
}

Reading readAnswer(Cursor& cursor, bool mayAnswer, DnsMessage& message) {
  if (const Reading reading = skipName(cursor); reading != Reading::kDone) return reading;
  if (const Reading reading = cursor.has(10); reading != Reading::kDone) return reading;
  const uint8_t* fixed = cursor.here();
  const uint16_t type = read16(fixed);
  const bool isInternet = (read16(fixed + 2) & kClassMask) == kClassInternet;
  const uint16_t dataOctets = read16(fixed + 8);
  cursor.at += 10;
  const Reading reading = cursor.has(dataOctets);
  if (reading == Reading::kBroken) return reading;
  const uint32_t present = reading == Reading::kCut ? cursor.message.captured - cursor.at : dataOctets;
  message.answerOctets = static_cast<uint16_t>(message.answerOctets + present);
  const bool isAddress = (type == kTypeA && dataOctets == 4) || (type == kTypeAaaa && dataOctets == 16);
  if (mayAnswer && isInternet && isAddress && reading == Reading::kDone) keepAddress(type, cursor.here(), message);
  cursor.at += present;
  return reading;
}

Reading readSections(const Payload& payload, const Header& header, DnsMessage& message) {
  Cursor cursor{payload};
  Reading reading = header.questions > 0 ? readQuestion(cursor, message) : Reading::kDone;
  for (uint32_t i = 1; i < header.questions && reading == Reading::kDone; ++i) reading = skipQuestion(cursor);
  // What an UPDATE or a query lists there is no answer, whatever its type.
  const bool mayAnswer = message.isResponse && header.opcode == 0;
  for (uint32_t i = 0; i < header.answers && reading == Reading::kDone; ++i) {
    reading = readAnswer(cursor, mayAnswer, message);
  }
  return reading;
}

}  // namespace

bool readDnsMessage(const Payload& payload, DnsMessage& message) {
  message = {};
  if (payload.captured < kHeaderOctets) return false;
  const Header header = headerOf(payload.bytes);
  message.id = read16(payload.bytes);
  message.isResponse = (payload.bytes[2] & 0x80) != 0;
  message.responseCode = payload.bytes[3] & 15;
  message.answers = header.answers;
  if (!isPlausible(header, message, payload.octets)) return false;
  const Reading reading = readSections(payload, header, message);
  message.isCut = reading == Reading::kCut;
  return reading != Reading::kBroken;
}

bool readDnsOverTcp(const Payload& payload, DnsMessage& message) {
  message = {};
  if (payload.captured < 2 + kHeaderOctets) return false;
  const uint32_t octets = read16(payload.bytes);
  if (octets < kHeaderOctets) return false;
  const uint32_t present = payload.captured - 2;
  return readDnsMessage({payload.bytes + 2, present < octets ? present : octets, octets}, message);
}

}  // namespace phantommesh
