"""What the doctor finds: one rule a fault, from vital signs to a finding, or none."""
