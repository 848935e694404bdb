// The floor of reading a capture: libpcap's own loop, doing nothing with the packets.   floor FILE
#include <pcap/pcap.h>

#include <cstdint>
#include <cstdio>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline(arguments[1], error);
  if (capture == nullptr) return std::fprintf(stderr, "%s\n", error), 1;
  pcap_pkthdr* header;
  const u_char* data;
  uint64_t packets = 0;
  while (pcap_next_ex(capture, &header, &data) == 1) ++packets;
  std::printf("%lu packets\n", static_cast<unsigned long>(packets));
}
