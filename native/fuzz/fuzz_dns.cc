// Any bytes as a DNS message. Input: one octet of flags (over TCP, how much is not captured), then the payload.
#include "../src/metadata/dns_message.h"
#include "mutate_seeds.h"
#include "on_heap.h"

using namespace phantommesh;
using namespace phantommesh::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const OnHeap input(data + 1, size - 1, data[0]);
  DnsMessage message;
  const bool isOverTcp = (data[0] & 1) != 0;
  if (!(isOverTcp ? readDnsOverTcp(input.payload, message) : readDnsMessage(input.payload, message))) return 0;
  require(message.addressCount <= DnsMessage::kAddressesMax && message.addressCount <= message.answers);
  require(message.nameOctets <= 253 && message.labels <= 127 && message.longestLabel <= 63);
  require(message.nameEntropy >= 0 && message.nameEntropy <= 8);
  require(message.answerOctets <= input.payload.captured);
  require(message.isResponse || message.addressCount == 0);
  require(message.hasQuestion || message.labels == 0);
  require(!message.isCut || isOverTcp || input.payload.captured < input.payload.octets);
  return 0;
}
