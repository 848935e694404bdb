// The behaviour part of an event record, exact at the present of the clock.
#pragma once

#include "behaviour_records.h"
#include "event_record.h"

namespace phantommesh {

// The records must have caught up with the clock.
void fillBehaviourFields(const SourceHost& source, const DestinationHost& destination, const PairRecord& pair, const DecayClock& clock,
                         EventRecord& record);

}  // namespace phantommesh
