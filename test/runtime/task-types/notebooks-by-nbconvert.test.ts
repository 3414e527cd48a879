import { testNotebooks } from "./notebook-cases/test-notebooks.ts";

testNotebooks("nbconvert");
