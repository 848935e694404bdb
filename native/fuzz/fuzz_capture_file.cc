// Any bytes as a capture file: pcap, pcapng, gzip. Reading ends, with packets inside the file or with a reason.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "../src/capture_failure.h"
#include "../src/capture_file.h"
#include "mutate_seeds.h"

using namespace phantommesh;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static volatile uint8_t sink;
  const int descriptor = memfd_create("capture", MFD_CLOEXEC);
  if (descriptor < 0 || write(descriptor, data, size) != static_cast<ssize_t>(size)) std::abort();
  try {
    const auto file = CaptureFile::open("/proc/self/fd/" + std::to_string(descriptor));
    RawPacket packet;
    while (file->next(packet)) {
      const Captured& captured = packet.captured;
      if (captured.wireLength < captured.length) std::abort();
      for (uint32_t i = 0; i < captured.length; ++i) sink = captured.bytes[i];
    }
  } catch (const CaptureFailure&) {
  }
  close(descriptor);
  return 0;
}
