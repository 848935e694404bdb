// The only place that knows Node-API. Everything here runs on the JavaScript thread, but for the one wake-up.
#include <napi.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "capture_session.h"
#include "event_record.h"

namespace phantommesh {
namespace {

template <class T>
constexpr const char* typeName() {
  if constexpr (std::is_same_v<T, double>) return "f64";
  else if constexpr (std::is_same_v<T, float>) return "f32";
  else if constexpr (std::is_same_v<T, uint32_t>) return "u32";
  else if constexpr (std::is_same_v<T, uint16_t>) return "u16";
  else if constexpr (std::is_same_v<T, int16_t>) return "i16";
  else return "u8";
}

Napi::Object eventLayout(Napi::Env env) {
  Napi::Object fields = Napi::Object::New(env);
  const auto add = [&](const char* name, size_t offset, const char* type, int count) {
    Napi::Object field = Napi::Object::New(env);
    field["offset"] = Napi::Number::New(env, static_cast<double>(offset));
    field["type"] = Napi::String::New(env, type);
    field["count"] = Napi::Number::New(env, count);
    fields[name] = field;
  };
#define X(type, name, count) add(#name, offsetof(EventRecord, name), typeName<type>(), count);
  PHANTOMMESH_EVENT_FIELDS(X)
#undef X
  constexpr size_t kMetadata = offsetof(EventRecord, metadata);
#define X(type, name, count) add(#name, kMetadata + offsetof(MetadataFields, name), typeName<type>(), count);
  PHANTOMMESH_METADATA_FIELDS(X)
#undef X
  Napi::Object layout = Napi::Object::New(env);
  layout["strideBytes"] = Napi::Number::New(env, sizeof(EventRecord));
  layout["fields"] = fields;
  return layout;
}

Napi::Object describe(Napi::Env env, const CaptureFailure& failure) {
  Napi::Object problem = Napi::Object::New(env);
  problem["code"] = nameOf(failure.code);
  problem["place"] = failure.place;
  problem["reason"] = failure.what();
  problem["offset"] = Napi::Number::New(env, static_cast<double>(failure.offset));
  return problem;
}

std::vector<std::string> strings(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> result;
  for (uint32_t i = 0; i < array.Length(); ++i) result.push_back(array.Get(i).As<Napi::String>());
  return result;
}

std::vector<InterfaceSource> interfaceSources(const Napi::Array& array) {
  std::vector<InterfaceSource> sources;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto each = array.Get(i).As<Napi::Object>();
    sources.push_back({each.Get("name").As<Napi::String>(), each.Get("isOptional").As<Napi::Boolean>()});
  }
  return sources;
}

// Every key is there: native-source.ts sets them all.
SessionOptions readOptions(const Napi::Object& object) {
  const auto number = [&](const char* key) { return object.Get(key).As<Napi::Number>().DoubleValue(); };
  SessionOptions options;
  options.files = strings(object.Get("files"));
  options.interfaces = interfaceSources(object.Get("interfaces").As<Napi::Array>());
  options.feedOctets = static_cast<uint32_t>(number("feedBytes"));
  options.filter = object.Get("filter").As<Napi::String>();
  options.ringOctets = static_cast<uint32_t>(number("ringBytes"));
  options.behaviour = object.Get("behaviour").As<Napi::Boolean>();
  options.recordFlows = object.Get("recordFlows").As<Napi::Boolean>();
  options.readsMetadata = object.Get("readsMetadata").As<Napi::Boolean>();
  options.flows.flowsMax = static_cast<uint32_t>(number("flowsMax"));
  options.flows.idleTimeoutUs = static_cast<uint64_t>(number("idleTimeoutMs") * 1000);
  options.flows.activeTimeoutUs = static_cast<uint64_t>(number("activeTimeoutMs") * 1000);
  options.flows.closedLingerUs = static_cast<uint64_t>(number("closedLingerMs") * 1000);
  options.flows.reorderUs = static_cast<uint64_t>(number("reorderMs") * 1000);
  options.flows.jumpUs = static_cast<uint64_t>(number("jumpMs") * 1000);
  options.tables.hostsMax = static_cast<uint32_t>(number("hostsMax"));
  options.tables.pairsMax = static_cast<uint32_t>(number("pairsMax"));
  options.tables.scoringEventsPerSecond = static_cast<uint32_t>(number("scoringEventsPerSecond"));
  return options;
}

class Capture : public Napi::ObjectWrap<Capture> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Capture",
                       {InstanceMethod<&Capture::start>("start"), InstanceMethod<&Capture::takeBatch>("takeBatch"),
                        InstanceMethod<&Capture::counters>("counters"), InstanceMethod<&Capture::progress>("progress"),
                        InstanceMethod<&Capture::isEnded>("isEnded"), InstanceMethod<&Capture::failure>("failure"),
                        InstanceMethod<&Capture::push>("push"), InstanceMethod<&Capture::stop>("stop"),
                        InstanceMethod<&Capture::close>("close")});
  }

  // new Capture(options, buffers: ArrayBuffer[], onReady: () => void). Throws an Error with `problem` when it cannot be
  // opened.
  explicit Capture(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const Napi::Env env = info.Env();
    SessionOptions options = readOptions(info[0].As<Napi::Object>());
    const auto arrays = info[1].As<Napi::Array>();
    std::vector<std::span<EventRecord>> buffers;
    for (uint32_t i = 0; i < arrays.Length(); ++i) {
      auto buffer = arrays.Get(i).As<Napi::ArrayBuffer>();
      if (buffer.ByteLength() < sizeof(EventRecord)) throw Napi::Error::New(env, "A buffer has no room for an event.");
      buffers.emplace_back(static_cast<EventRecord*>(buffer.Data()), buffer.ByteLength() / sizeof(EventRecord));
    }
    // The memory must outlive the thread that fills it.
    buffers_ = Napi::Persistent(arrays.As<Napi::Object>());
    wake_ = Napi::ThreadSafeFunction::New(env, info[2].As<Napi::Function>(), "phantommesh capture", 0, 1);
    isOpen_ = true;
    // Hooks run in reverse order: the thread is joined before Node destroys what it wakes JavaScript with.
    napi_add_env_cleanup_hook(env, releaseAtExit, this);
    const auto whenFull = options.files.empty() ? EventSink::WhenFull::kDrop : EventSink::WhenFull::kWait;
    try {
      session_ = std::make_unique<CaptureSession>(
          std::move(options), std::make_unique<EventSink>(std::move(buffers), whenFull, [this] { wakeUp(); }));
    } catch (const CaptureFailure& failure) {
      close();
      Napi::Error error = Napi::Error::New(env, failure.what());
      error.Set("problem", describe(env, failure));
      throw error;
    } catch (const std::exception& trouble) {
      close();
      throw Napi::Error::New(env, trouble.what());
    }
  }
  ~Capture() override { close(); }

 private:
  // Filling thread. Wake-ups that JavaScript has not seen yet stand for all that came since.
  void wakeUp() {
    if (isWaking_.exchange(true)) return;
    wake_.NonBlockingCall([this](Napi::Env env, Napi::Function onReady) {
      isWaking_ = false;
      if (!isOpen_) return;
      // This was the last: nothing is to be waited for any more, even if nobody calls `close`.
      if (session_->sink().isFilled()) wake_.Unref(env);
      onReady.Call({});
    });
  }

  static void releaseAtExit(void* capture) { static_cast<Capture*>(capture)->release(); }

  void release() {
    session_.reset();  // joins the thread
    if (!isOpen_) return;
    isOpen_ = false;
    wake_.Abort();  // a wake-up still under way must not find this object gone
    buffers_.Reset();
  }

  void close() {
    if (isOpen_) napi_remove_env_cleanup_hook(Env(), releaseAtExit, this);
    release();
  }

  CaptureSession& session() {
    if (session_ == nullptr) throw Napi::Error::New(Env(), "The capture is closed.");
    return *session_;
  }

  void start(const Napi::CallbackInfo&) { session().start(); }
  void stop(const Napi::CallbackInfo&) {
    if (session_ != nullptr) session_->stop();
  }
  void close(const Napi::CallbackInfo&) { close(); }

  Napi::Value takeBatch(const Napi::CallbackInfo& info) {
    const auto batch = session().sink().take();
    if (!batch) return info.Env().Undefined();
    Napi::Object result = Napi::Object::New(info.Env());
    result["buffer"] = Napi::Number::New(info.Env(), batch->buffer);
    result["length"] = Napi::Number::New(info.Env(), batch->length);
    result["generation"] = Napi::Number::New(info.Env(), session().generation());
    return result;
  }

  // push(bytes, facts): a packet for a capture that is fed. What it needs of `bytes` is copied; the facts come in one
  // array because that is read without a conversion each.
  Napi::Value push(const Napi::CallbackInfo& info) {
    const auto bytes = info[0].As<Napi::Uint8Array>();
    const auto facts = info[1].As<Napi::Float64Array>();
    PacketFeed* feed = session().feed();
    const bool isFed = feed != nullptr && facts.ElementLength() == 5 && facts[0] >= 0 && facts[0] <= bytes.ByteLength();
    if (!isFed) throw Napi::Error::New(info.Env(), "This cannot be fed.");
    const auto number = [&](size_t index) { return static_cast<uint32_t>(static_cast<uint64_t>(facts[index])); };
    return Napi::Boolean::New(info.Env(), feed->push(bytes.Data(), number(0), number(1),
                                                     static_cast<uint64_t>(facts[2]), static_cast<uint8_t>(number(3)),
                                                     number(4)));
  }

  Napi::Value isEnded(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), session().sink().isEnded());
  }
  Napi::Value progress(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), session().progress()); }
  Napi::Value failure(const Napi::CallbackInfo& info) {
    const auto& failure = session().failure();
    if (!failure) return info.Env().Undefined();
    return describe(info.Env(), *failure);
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const MeterCounters counters = session().counters();
    const auto set = [&](Napi::Object object, const char* name, uint64_t value) {
      object[name] = Napi::Number::New(env, static_cast<double>(value));
    };
    Napi::Object result = Napi::Object::New(env);
    set(result, "packets", counters.packets);
    set(result, "tunnelledPackets", counters.innerPackets);
    set(result, "innerUndecoded", counters.innerUndecoded);
    set(result, "octets", counters.flows.octets);
    set(result, "flows", counters.flows.flows);
    set(result, "activeFlows", counters.flows.activeFlows);
    set(result, "hosts", counters.observer.hosts);
    set(result, "pairs", counters.observer.pairs);
    set(result, "segments", counters.flows.segments);
    set(result, "reorderedPackets", counters.flows.reordered);
    set(result, "filteredPackets", counters.filtered);
    set(result, "questionsMissed", counters.observer.questionsMissed);
    Napi::Object events = Napi::Object::New(env);
    set(events, "received", counters.observer.eventsReceived);
    set(events, "scored", counters.observer.eventsScored);
    set(events, "shed", counters.observer.eventsShed);
    set(events, "pending", counters.observer.eventsPending);
    result["events"] = events;
    Napi::Object undecoded = Napi::Object::New(env);
    for (int i = 0; i < kDecodeFailures; ++i) {
      set(undecoded, nameOf(static_cast<DecodeFailure>(i)), counters.undecoded[static_cast<size_t>(i)]);
    }
    result["undecoded"] = undecoded;
    Napi::Object metadata = Napi::Object::New(env);
    for (const NamedCount& each : counters.metadata) set(metadata, each.name, each.value);
    result["metadata"] = metadata;
    Napi::Object dropped = Napi::Object::New(env);
    uint64_t ringFull = 0;
    Napi::Array interfaces = Napi::Array::New(env);
    for (const InterfaceState& state : counters.interfaces) {
      Napi::Object each = Napi::Object::New(env);
      each["name"] = state.name;
      each["kernelName"] = state.kernelName;
      set(each, "source", state.source);
      each["isOpen"] = Napi::Boolean::New(env, state.isOpen);
      set(each, "timesLost", state.timesLost);
      set(each, "packets", state.counters.packets);
      set(each, "dropped", state.counters.dropped);
      set(each, "mergedPackets", state.counters.merged);
      interfaces[interfaces.Length()] = each;
      ringFull += state.counters.dropped;
    }
    result["interfaces"] = interfaces;
    set(dropped, "kernelRingFull", ringFull);
    set(dropped, "interfaceLost", counters.interfacesLost);
    set(dropped, "interfaceOverLimit", counters.interfacesOverLimit);
    set(dropped, "feedFull", counters.feedFull);
    set(dropped, "flowTableFull", counters.flows.endedEarly);
    set(dropped, "batchesFull", counters.batchesFull);
    set(dropped, "tunnelsTooDeep", counters.tunnelsTooDeep);
    set(dropped, "contextsFull", counters.contextsFull);
    set(dropped, "metadataFull", counters.flows.metadataFull);
    for (const NamedCount& each : counters.metadataDropped) set(dropped, each.name, each.value);
    for (const NamedCount& each : counters.observer.dropped) set(dropped, each.name, each.value);
    result["dropped"] = dropped;
    return result;
  }

  Napi::ObjectReference buffers_;
  Napi::ThreadSafeFunction wake_;
  std::atomic<bool> isWaking_ = false;
  bool isOpen_ = false;
  std::unique_ptr<CaptureSession> session_;
};

// SO_PEERGROUPS (Linux 4.13): /proc/PID/status has them too, but a unit with ProtectProc=invisible cannot read it
// there.
Napi::Array peerGroups(Napi::Env env, int descriptor) {
  socklen_t size = 0;
  // With too little room the kernel answers ERANGE and says how much it needs.
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) != 0 && errno != ERANGE) {
    throw Napi::Error::New(env, std::string("SO_PEERGROUPS: ") + std::strerror(errno));
  }
  std::vector<gid_t> groups(size / sizeof(gid_t));
  if (size > 0 && getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    throw Napi::Error::New(env, std::string("SO_PEERGROUPS: ") + std::strerror(errno));
  }
  Napi::Array result = Napi::Array::New(env, groups.size());
  for (uint32_t i = 0; i < groups.size(); ++i) result[i] = Napi::Number::New(env, groups[i]);
  return result;
}

// peerCredentials(fd): who is at the other end of a connected Unix socket, as the kernel knows it.
Napi::Value peerCredentials(const Napi::CallbackInfo& info) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(info[0].As<Napi::Number>(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    throw Napi::Error::New(info.Env(), std::string("SO_PEERCRED: ") + std::strerror(errno));
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result["pid"] = Napi::Number::New(info.Env(), credentials.pid);
  result["uid"] = Napi::Number::New(info.Env(), credentials.uid);
  result["gid"] = Napi::Number::New(info.Env(), credentials.gid);
  result["groups"] = peerGroups(info.Env(), info[0].As<Napi::Number>());
  return result;
}

// notifySystemd(socket, message): one datagram to the service manager, sd_notify(3). `socket` is $NOTIFY_SOCKET; @
// means abstract.
Napi::Value notifySystemd(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  const std::string message = info[1].As<Napi::String>();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    throw Napi::Error::New(info.Env(), "NOTIFY_SOCKET: no usable address");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const ssize_t sent = descriptor < 0 ? -1
                                      : sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                               reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (sent < 0) throw Napi::Error::New(info.Env(), std::string("NOTIFY_SOCKET: ") + std::strerror(error));
  return info.Env().Undefined();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports["eventLayout"] = eventLayout(env);
  exports["Capture"] = Capture::define(env);
  exports["peerCredentials"] = Napi::Function::New<peerCredentials>(env, "peerCredentials");
  exports["notifySystemd"] = Napi::Function::New<notifySystemd>(env, "notifySystemd");
  return exports;
}

}  // namespace
}  // namespace phantommesh

static Napi::Object initialise(Napi::Env env, Napi::Object exports) { return phantommesh::initialise(env, exports); }
NODE_API_MODULE(phantommesh, initialise)
