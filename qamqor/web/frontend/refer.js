// The page on which a referral is written: what is typed is kept while it is typed.
import { keepDraft } from "./draft.js";

keepDraft(document.getElementById("refer-form"));
