// The behaviour part of an event record, exact at the present of the clock.
#pragma once

#include "behaviour_tables.h"
#include "event_record.h"

namespace phantommesh {

// The parties must have caught up with the clock.
void fillBehaviourFields(const BehaviourTables::Parties& parties, BehaviourTables& tables, EventRecord& record);

}  // namespace phantommesh
