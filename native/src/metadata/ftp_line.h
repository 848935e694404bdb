// The first line of a packet on an FTP control connection (RFC 959, RFC 2428). The side decides what a line can be, so
// the caller says who sent it; that the connection is FTP and not SMTP, whose replies look the same, the port or the
// client's commands say: this reader knows no SMTP command, and readSmtpLine no FTP command but QUIT, HELP and NOOP.
#pragma once

#include "../payload.h"
#include "packet_metadata.h"

namespace phantommesh {

// A data connection is announced only by a line that was captured whole.
bool readFtpLine(const Payload& payload, bool isFromServer, FtpLine& line);

}  // namespace phantommesh
