"""Where things lie in the two arrays the compiled loop works on: the schedule and the workspace.

Both are flat int32 arrays: a compiled function that takes two arrays and some numbers costs
nothing to call, one that takes forty arrays costs more than its work. A *row* is known by the
position of its first cell, its cells by the names below; a pair ``…_FROM``, ``…_UNTIL`` holds the
positions of the first row and behind the last.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

# What the compiled functions take: pointers to int32, int64 and uint8. Any list will do in Python.
Cells: TypeAlias = Any
Longs: TypeAlias = Any
Bytes: TypeAlias = Any

# --- the schedule -----------------------------------------------------------------------------
FIRST_OF_MONTH: Final = 0  # position of the days on which months begin
ANTIGENS_FROM: Final = 1
ANTIGENS_UNTIL: Final = 2
GROUPS_FROM: Final = 3
GROUPS_UNTIL: Final = 4
PRODUCTS: Final = 5
PAIRS: Final = 6  # position of the table product × product of live conflicts, 0 where none
PRODUCT_COUNT: Final = 7
HEAD: Final = 8

ANTIGEN: Final = 9
SERIES_FROM, SERIES_UNTIL, IMMUNITY_FROM, IMMUNITY_UNTIL = range(4)
BIRTH_FROM, BIRTH_UNTIL, BAR_FROM, BAR_UNTIL, ANTIGEN_INDEX = range(4, 9)

SERIES: Final = 14
KIND, GENDERS, IS_DEFAULT, IS_PRODUCT, SERIES_GROUP, EQUIVALENT, PRIORITY = range(7)
PREFERENCE, MIN_START, MAX_START, DOSE_FROM, DOSE_UNTIL = range(7, 12)
INDICATION_FROM, INDICATION_UNTIL = range(12, 14)

DOSE: Final = 16
NUMBER, AGE_FROM, AGE_UNTIL, INTERVAL_FROM, INTERVAL_UNTIL = range(5)
ALLOWABLE_FROM, ALLOWABLE_UNTIL, VACCINE_FROM, VACCINE_UNTIL, PREFERABLE_UNTIL = range(5, 10)
SKIP_FROM, SKIP_UNTIL, UNWANTED, IS_RECURRING, SEASON_START, SEASON_END = range(10, 16)

AGE: Final = 7
AGE_ABSOLUTE, AGE_MINIMUM, AGE_EARLIEST, AGE_LATEST, AGE_MAXIMUM, AGE_EFFECTIVE, AGE_CESSATION = (
    range(7)
)

INTERVAL: Final = 11
ANCHOR, TARGET, RECENT, OBSERVATION, INT_ABSOLUTE, INT_MINIMUM, INT_EARLIEST = range(7)
INT_LATEST, IS_OVERRIDE, INT_EFFECTIVE, INT_CESSATION = range(7, 11)

VACCINE: Final = 4
VACCINE_PRODUCT, VACCINE_BEGIN, VACCINE_END, VACCINE_MAKER = range(4)

SKIP: Final = 5
SET_FROM, SET_UNTIL, SKIP_EVERY, IN_EVALUATION, IN_FORECAST = range(5)

SKIP_SET: Final = 5
CONDITION_FROM, CONDITION_UNTIL, SET_EVERY, SET_EFFECTIVE, SET_CESSATION = range(5)

CONDITION: Final = 11
TEST, BEGIN_AGE, END_AGE, START_ON, END_ON, WAIT, COUNT, COMPARISON = range(8)
VALID_ONLY, COUNTED_SET, COMPLETED_GROUPS = range(8, 11)

INDICATION: Final = 3
IND_OBSERVATION, IND_BEGIN, IND_END = range(3)

BIRTH: Final = 4
BORN_BEFORE, BIRTH_COUNTRY, EXCLUSION_FROM, EXCLUSION_UNTIL = range(4)

BAR: Final = 4  # a contraindication
BAR_OBSERVATION, BAR_BEGIN, BAR_END, BAR_PRODUCT = range(4)

PRODUCT: Final = 3
LINK_FROM, LINK_UNTIL, HAS_CONFLICT = range(3)

LINK: Final = 3  # a product protects against an antigen at some ages
LINK_ANTIGEN, LINK_BEGIN, LINK_END = range(3)

CONFLICT: Final = 3
CONFLICT_BEGIN, CONFLICT_MINIMUM_END, CONFLICT_END = range(3)

GROUP: Final = 4
MEMBER_FROM, MEMBER_UNTIL, IS_FULL, IS_LIVE = range(4)

# --- the workspace ----------------------------------------------------------------------------
AS_OF, BORN, SEX, COUNTRY, GIVEN_FROM, GIVEN_UNTIL, SEEN_FROM, SEEN_UNTIL = range(8)
COURSES, STATES, SCRATCH, CHOSEN, COURSE_COUNT, COURSE_ROOM, HAS_LIVE, LAST_BLANK = range(8, 16)
MERGED_STANDING, MERGED_REASON, ANSWER_ROW = range(16, 19)
WORK_HEAD: Final = 19

GIVEN: Final = 4  # a given dose
DAY, GIVEN_PRODUCT, GIVEN_MAKER, IS_UNFIT = range(4)

SEEN: Final = 2  # an observation of the person
SEEN_CODE, SEEN_DAY = range(2)

ANSWER: Final = 7  # what a vaccine group came to
ANS_STANDING, ANS_REASON, ANS_EARLIEST, ANS_RECOMMENDED, ANS_PAST_DUE, ANS_LATEST, ANS_NUMBER = (
    range(7)
)

BLANK: Final = 11  # of a vaccine group: the answer of the last person without a dose of it
BLANK_IS_KNOWN, BLANK_BORN, BLANK_SEX, BLANK_COUNTRY = range(7, 11)

STATE: Final = 11  # what an antigen came to
RECORDS, RECORD_COUNT, BEST, HAS_CONTRA, FIRST_STANDING, FIRST_REASON = range(6)
COUNTED, IS_MIXED, KEPT, BY_PRIORITISED, BY_ANY = range(6, 11)

COURSE: Final = 17  # the part of a course that is kept
OF_SERIES, CURRENT, TARGETS, STANDING, REASON, EARLIEST, RECOMMENDED = range(7)
PAST_DUE, LATEST, DOSE_NUMBER, SATISFIED, COURSE_KIND, HAS_PRIORITY = range(7, 13)
IS_BEGUN, IS_CHOSEN, LAST_RECORD, POINTS = range(13, 17)
# Positions of the course's own lists, behind the kept part.
JUDGED, FAULTS, IS_INADVERTENT, TARGET_DOSE, TARGET_RECORD, TARGET_SKIPPED = range(17, 23)
COURSE_HEAD: Final = 23

# Rows of the scratch table.
SCORABLE, SCORED, FINISH, HIT = range(4)

# --- values -----------------------------------------------------------------------------------
NOTHING: Final = -(2**30)  # a date, code or number that is not given
NEVER: Final = 2**30
NO_OFFSET: Final = -1

VALID, NOT_VALID, EXTRANEOUS, SUBSTANDARD = range(1, 5)  # 0: not judged
NOT_COMPLETE, COMPLETE, IMMUNE, CONTRAINDICATED, AGED_OUT, NOT_RECOMMENDED = range(6)
TOO_YOUNG, TOO_OLD, TOO_SOON, LIVE_CONFLICT = 1, 2, 4, 8
INADVERTENT, WRONG_VACCINE, SERIES_COMPLETE, EXPIRED = 16, 32, 64, 128
WAS_JUDGED: Final = 256
STANDARD, RISK, EVALUATION_ONLY = range(3)
