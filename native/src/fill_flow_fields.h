// The flow's own part of an event record. Behaviour fields (source..., destination..., pair...) are the observer's.
#pragma once

#include "event_record.h"
#include "flow.h"

namespace phantommesh {

// Writes every field that a flow alone decides: all but observedAtMs, cause, purpose, segment, isFirstContact,
// contactFailed and the behaviour fields.
void fillFlowFields(const Flow& flow, EventRecord& record);

}  // namespace phantommesh
