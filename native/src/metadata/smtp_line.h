// The first line of a packet on an SMTP connection (RFC 5321; STARTTLS RFC 3207, AUTH RFC 4954, BDAT RFC 3030, LHLO RFC
// 2033). What a client sends between 354 and the lone dot is mail, and a line of it may look like a command: the caller
// knows where it stands. Who sent the line the caller says; what tells FTP from SMTP, ftp_line.h says.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

// 220 is the banner, and once again the answer to STARTTLS.
bool readSmtpLine(const Payload& payload, bool isFromServer, SmtpLine& line);

}  // namespace phantommesh
