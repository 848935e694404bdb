// What a flow's metadata adds up to, as the event record shows it. One list makes the struct, the part of the event
// record and the layout that JavaScript reads (event_record.h).
#pragma once

#include <cstdint>

namespace phantommesh {

// X(type, name, count), by falling alignment. Zero where the flow showed nothing of the kind.
#define PHANTOMMESH_METADATA_FIELDS(X)                                                                      \
  X(double, parentFlowId, 1)          /* ftp-data: flowId of the control connection that announced it */    \
  X(float, dnsNameOctetsMean, 1)      /* of the questions, over queries */                                  \
  X(float, dnsNameEntropyMean, 1)     /* bits an octet */                                                   \
  X(float, dnsLabelsMean, 1)                                                                                \
  X(float, dnsDistinctNames, 1)       /* estimate, good up to about a thousand */                           \
  X(float, httpTargetEntropyMax, 1)   /* bits an octet */                                                   \
  X(uint32_t, dnsQueries, 1)                                                                                \
  X(uint32_t, dnsResponses, 1)                                                                              \
  X(uint32_t, dnsNameErrors, 1)       /* NXDOMAIN */                                                        \
  X(uint32_t, dnsAnswerOctets, 1)     /* RDATA of answer sections */                                        \
  X(uint32_t, quicVersion, 1)                                                                               \
  X(uint32_t, sshSoftwareHash, 2)     /* [forward, reverse] */                                              \
  X(uint32_t, icmpEchoRequests, 1)                                                                          \
  X(uint32_t, icmpEchoReplies, 1)                                                                           \
  X(uint32_t, icmpEchoMismatches, 1)  /* replies whose payload is not that of their request */              \
  X(uint16_t, dnsQueryType, 1)        /* of the last question */                                            \
  X(uint16_t, dnsNameOctetsMax, 1)                                                                          \
  X(uint16_t, tlsVersion, 2)          /* [highest offered, chosen] */                                       \
  X(uint16_t, tlsCipherSuite, 1)      /* chosen */                                                          \
  X(uint16_t, tlsServerNameOctets, 1)                                                                       \
  X(int16_t, sshAuthOctets, 8)        /* TCP payload of the first packets after NEWKEYS; negative: reverse */ \
  X(uint16_t, httpRequests, 1)        /* these and all below saturate */                                    \
  X(uint16_t, httpStatusClasses, 5)   /* responses 1xx .. 5xx */                                            \
  X(uint16_t, httpTargetOctetsMax, 1)                                                                       \
  X(uint16_t, loginAttempts, 1)       /* FTP USER and PASS, SMTP AUTH */                                    \
  X(uint16_t, loginFailures, 1)       /* FTP 530, SMTP 535 */                                               \
  X(uint16_t, smtpRecipients, 1)                                                                            \
  X(uint16_t, smtpRejections, 1)      /* replies 5xx */                                                     \
  X(uint16_t, icmpEchoIdentifier, 1)                                                                        \
  X(uint16_t, icmpEchoSequence, 1)    /* of the last request */                                             \
  X(uint16_t, icmpEchoOctetsMax, 1)   /* payload */                                                         \
  X(uint16_t, vpnRequests, 1)         /* handshakes asked for ... */                                        \
  X(uint16_t, vpnAnswers, 1)                                                                                \
  X(uint16_t, vpnCompletions, 1)                                                                            \
  X(uint16_t, vpnRefusals, 1)                                                                               \
  X(uint8_t, application, 1)          /* Application, packet_metadata.h */                                  \
  X(uint8_t, dnsResponseCode, 1)      /* of the last response */                                            \
  X(uint8_t, tlsHasServerName, 1)                                                                           \
  X(uint8_t, tlsAlpn, 12)             /* first offered, then chosen; text, zero-filled */                   \
  X(uint8_t, tlsJa4, 36)              /* text, zero-filled */                                               \
  X(uint8_t, httpMethod, 1)           /* of the first request, HttpMethod */                                \
  X(uint8_t, sshBanners, 1)           /* 1 forward, 2 reverse */                                            \
  X(uint8_t, smtpPhase, 1)            /* the furthest, SmtpPhase */                                         \
  X(uint8_t, vpnMessageType, 1)       /* of the last message */

struct MetadataFields {
#define X(type, name, count) type name[count];
  PHANTOMMESH_METADATA_FIELDS(X)
#undef X
};

}  // namespace phantommesh
