<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What an IdP says of people otherwise than their certificates do: on the owner's dashboard and at the helpdesk; and people whom
         nobody has seen for long. -->

    <!-- What changed, in two lines. -->
    <xsl:template name="change-facts">
        <dl class="change-facts">
            <div><dt><m:t k="radar.was"/></dt><dd><xsl:value-of select="@was"/></dd></div>
            <div><dt><m:t k="radar.is"/></dt><dd><xsl:choose><xsl:when test="@is"><xsl:value-of select="@is"/></xsl:when><xsl:otherwise><m:t k="radar.none"/></xsl:otherwise></xsl:choose></dd></div>
        </dl>
    </xsl:template>

    <!-- The owner's: what it is, what happens, which certificates. -->
    <xsl:template match="change" mode="attention">
        <li class="card attention-change">
            <div>
                <h3><m:t k="radar.kind.{@kind}"/></h3>
                <xsl:call-template name="change-facts"/>
                <p><xsl:choose>
                    <xsl:when test="@rule = 'revoke'"><m:t k="radar.revoke"><m:with name="due"><xsl:call-template name="moment"><xsl:with-param name="at" select="@due"/></xsl:call-template></m:with></m:t></xsl:when>
                    <xsl:when test="@rule = 're-issue'"><m:t k="radar.re-issue"/></xsl:when>
                    <xsl:otherwise><m:t k="radar.warn"/></xsl:otherwise>
                </xsl:choose><xsl:text> </xsl:text><m:t k="radar.do.{@kind}"/></p>
                <p class="which"><m:t k="radar.which"/><xsl:for-each select="number[position() &lt;= 5]"><xsl:text> </xsl:text><a href="/certificates/{.}"><m:t k="number" number="."/></a></xsl:for-each>
                    <xsl:if test="@count &gt; 5"><xsl:text> </xsl:text><m:t k="radar.more" n="@count - 5"/></xsl:if></p>
            </div>
            <div class="card-actions">
                <xsl:choose>
                    <xsl:when test="@kind = 'mail' or @kind = 'contact'"><a class="button" href="#apply"><m:t k="dashboard.apply"/></a></xsl:when>
                    <xsl:when test="number"><a class="button" href="/certificates/{number[1]}"><m:t k="act.see"/><span class="unseen"><m:t k="act.of" number="number[1]"/></span></a></xsl:when>
                </xsl:choose>
                <xsl:if test="@known-key">
                    <form method="post" action="/account/changes/{@id}/known">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@known-key"/></xsl:call-template>
                        <button type="submit" class="plain"><m:t k="radar.known"/></button>
                    </form>
                </xsl:if>
            </div>
        </li>
    </xsl:template>

    <!-- The helpdesk's list -->
    <xsl:template match="desk-changes" mode="title"><m:t k="desk.changes.title"/></xsl:template>
    <xsl:template match="desk-changes" mode="main">
        <xsl:call-template name="desk-nav"/>
        <xsl:call-template name="notice"/>
        <h1><m:t k="desk.changes.title"/></h1>
        <p class="hint"><m:t k="desk.changes.lead"/></p>
        <xsl:call-template name="desk-radar-choice"><xsl:with-param name="path">/helpdesk/changes</xsl:with-param></xsl:call-template>
        <xsl:if test="not(change)"><p class="nothing"><m:t k="desk.changes.none"/></p></xsl:if>
        <xsl:for-each select="change">
            <article class="card desk-change" data-change="{@id}">
                <h2><a href="/helpdesk/people/{person/@id}"><xsl:for-each select="person"><xsl:call-template name="desk-name"/></xsl:for-each></a></h2>
                <p><strong><xsl:value-of select="i:message('desk.change.', @kind)"/></strong><xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if></p>
                <xsl:call-template name="change-facts"/>
                <xsl:call-template name="change-standing"/>
                <div class="actions">
                    <xsl:call-template name="change-button"><xsl:with-param name="act">mail</xsl:with-param><xsl:with-param name="key" select="@mail-key"/></xsl:call-template>
                    <form method="post" action="/helpdesk/people/{person/@id}/revoke">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@revoke-key"/></xsl:call-template>
                        <input type="hidden" name="what" value="selection"/>
                        <input type="hidden" name="reason" value="affiliationChanged"/>
                        <xsl:for-each select="number"><input type="hidden" name="n{.}" value="1"/></xsl:for-each>
                        <button type="submit" class="danger-outline"><m:t k="act.revoke"/></button>
                    </form>
                    <xsl:call-template name="change-button"><xsl:with-param name="act">dismiss</xsl:with-param><xsl:with-param name="key" select="@dismiss-key"/></xsl:call-template>
                </div>
            </article>
        </xsl:for-each>
        <xsl:if test="@next"><p class="table-links"><a href="{@next}"><m:t k="desk.next"/></a></p></xsl:if>
    </xsl:template>

    <xsl:template name="change-standing">
        <p class="hint">
            <m:t k="desk.change.seen"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@seen-at"/></xsl:call-template></m:with></m:t>
            <xsl:text> · </xsl:text><m:t k="desk.change.count" n="@count"/>
            <xsl:text> · </xsl:text><m:t k="desk.change.mails" n="@mails"/>
            <xsl:if test="@due"><xsl:text> · </xsl:text><strong><m:t k="desk.change.due"><m:with name="due"><xsl:call-template name="moment"><xsl:with-param name="at" select="@due"/></xsl:call-template></m:with></m:t></strong></xsl:if>
        </p>
    </xsl:template>

    <xsl:template name="change-button">
        <xsl:param name="act"/>
        <xsl:param name="key"/>
        <xsl:if test="$key">
            <form method="post" action="/helpdesk/changes/{@id}/{$act}">
                <xsl:call-template name="csrf"/>
                <xsl:call-template name="form-key"><xsl:with-param name="key" select="$key"/></xsl:call-template>
                <button type="submit"><xsl:value-of select="i:message('desk.change.do.', $act)"/></button>
            </form>
        </xsl:if>
    </xsl:template>

    <!-- An operator looks at one institution. -->
    <xsl:template name="desk-radar-choice">
        <xsl:param name="path"/>
        <xsl:if test="choice">
            <form method="get" action="{$path}" class="card desk-radar-choice">
                <div class="field">
                    <label for="institution"><m:t k="desk.institution"/></label>
                    <div class="field-row">
                        <select id="institution" name="institution">
                            <option value=""><m:t k="desk.institution.all"/></option>
                            <xsl:for-each select="choice">
                                <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                            </xsl:for-each>
                        </select>
                        <button type="submit"><m:t k="desk.radar.show"/></button>
                    </div>
                </div>
            </form>
        </xsl:if>
    </xsl:template>

    <!-- One change, once more -->
    <xsl:template match="desk-change" mode="title"><m:t k="desk.change.act.{@act}"/></xsl:template>
    <xsl:template match="desk-change" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/changes</xsl:with-param><xsl:with-param name="words"><m:t k="desk.changes.title"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.change.act.{@act}"/></h1>
        <xsl:for-each select="change">
            <div class="card">
                <p><strong><xsl:for-each select="person"><xsl:call-template name="desk-name"/></xsl:for-each></strong></p>
                <p><xsl:value-of select="i:message('desk.change.', @kind)"/></p>
                <xsl:call-template name="change-facts"/>
                <xsl:call-template name="change-standing"/>
            </div>
        </xsl:for-each>
        <p><m:t k="desk.change.text.{@act}"/></p>
        <form method="post" action="/helpdesk/changes/{change/@id}/{@act}">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <xsl:if test="@act = 'dismiss'">
                <xsl:variable name="problem" select="problem"/>
                <div class="field">
                    <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                    <label for="note"><m:t k="desk.change.note"/></label>
                    <p class="hint" id="note-hint"><m:t k="desk.change.note.hint"/></p>
                    <xsl:apply-templates select="$problem" mode="beside"/>
                    <input type="text" id="note" name="note" value="{@note}" maxlength="200" autocomplete="off" required="required">
                        <xsl:attribute name="aria-describedby">note-hint<xsl:if test="$problem"> note-problem</xsl:if></xsl:attribute>
                        <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                    </input>
                </div>
            </xsl:if>
            <p class="actions">
                <button type="submit" class="main"><m:t k="desk.change.do.{@act}"/></button>
                <a class="button plain" href="/helpdesk/changes"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>
    <xsl:template match="desk-change/problem[@field='note']" mode="words"><m:t k="desk.change.problem.{@rule}" limit="@limit"/></xsl:template>

    <!-- Whom nobody has seen -->
    <xsl:template match="desk-absent" mode="title"><m:t k="desk.absent.title"/></xsl:template>
    <xsl:template match="desk-absent" mode="main">
        <xsl:call-template name="desk-nav"/>
        <xsl:call-template name="notice"/>
        <h1><m:t k="desk.absent.title"/></h1>
        <p class="hint"><m:t k="desk.absent.lead"/></p>
        <form method="get" action="/helpdesk/absent" class="card desk-radar-choice">
            <div class="desk-fields">
                <div class="field">
                    <label for="months"><m:t k="desk.absent.since"/></label>
                    <select id="months" name="months">
                        <xsl:for-each select="months">
                            <option value="{@n}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="desk.absent.months" n="@n"/></option>
                        </xsl:for-each>
                    </select>
                </div>
                <xsl:if test="choice">
                    <div class="field">
                        <label for="institution"><m:t k="desk.institution"/></label>
                        <select id="institution" name="institution">
                            <option value=""><m:t k="desk.institution.all"/></option>
                            <xsl:for-each select="choice">
                                <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                            </xsl:for-each>
                        </select>
                    </div>
                </xsl:if>
            </div>
            <button type="submit"><m:t k="desk.radar.show"/></button>
        </form>
        <xsl:choose>
            <xsl:when test="absent">
                <form method="post" action="/helpdesk/absent">
                    <xsl:call-template name="csrf"/>
                    <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                    <input type="hidden" name="persons"><xsl:attribute name="value"><xsl:for-each select="absent"><xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if><xsl:value-of select="@id"/></xsl:for-each></xsl:attribute></input>
                    <ul class="desk-lines card">
                        <xsl:for-each select="absent">
                            <li data-person="{@id}">
                                <input type="checkbox" id="p{@id}" name="p{@id}" value="1"/>
                                <label for="p{@id}"><xsl:call-template name="desk-name"/></label>
                                <a href="/helpdesk/people/{@id}"><m:t k="desk.absent.see"/><span class="unseen"><xsl:text> </xsl:text><xsl:value-of select="i:name(.)"/></span></a>
                                <span><m:t k="desk.absent.seen"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="@seen-at"/></xsl:call-template></m:with></m:t></span>
                                <span><m:t k="desk.absent.count" n="@active"/></span>
                                <xsl:if test="@asked-at"><span class="hint"><m:t k="desk.absent.asked"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="@asked-at"/></xsl:call-template></m:with></m:t></span></xsl:if>
                                <xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if>
                            </li>
                        </xsl:for-each>
                    </ul>
                    <p class="actions">
                        <xsl:if test="@may-ask"><button type="submit" name="act" value="ask" class="main"><m:t k="desk.absent.do.ask"/></button></xsl:if>
                        <button type="submit" name="act" value="revoke" class="danger-outline"><m:t k="desk.absent.do.revoke"/></button>
                    </p>
                </form>
            </xsl:when>
            <xsl:otherwise><p class="nothing"><m:t k="desk.absent.none"/></p></xsl:otherwise>
        </xsl:choose>
        <p class="table-links">
            <xsl:if test="@next"><a href="{@next}"><m:t k="desk.next"/></a></xsl:if>
            <xsl:if test="@tsv"><a href="{@tsv}"><m:t k="desk.tsv"/></a></xsl:if>
        </p>
    </xsl:template>

    <xsl:template match="desk-absent-confirm" mode="title"><m:t k="desk.absent.act.{@act}"/></xsl:template>
    <xsl:template match="desk-absent-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/absent</xsl:with-param><xsl:with-param name="words"><m:t k="desk.absent.title"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.absent.act.{@act}"/></h1>
        <p class="lead"><m:t k="desk.absent.numbers" persons="count(found)" active="@active"/></p>
        <ul class="desk-lines card">
            <xsl:for-each select="found">
                <li data-person="{@id}"><strong><xsl:call-template name="desk-name"/></strong><span><m:t k="desk.absent.count" n="@active"/></span></li>
            </xsl:for-each>
        </ul>
        <xsl:choose>
            <xsl:when test="@act = 'ask'"><p><m:t k="desk.absent.ask.text"/></p></xsl:when>
            <xsl:otherwise>
                <div class="warning">
                    <xsl:call-template name="icon-warn"/>
                    <div><p><strong><m:t k="revoke.final"/></strong></p><ul><li><m:t k="desk.confirm.mailed"/></li></ul></div>
                </div>
            </xsl:otherwise>
        </xsl:choose>
        <form method="post" action="/helpdesk/absent">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="act" value="{@act}"/>
            <input type="hidden" name="persons" value="{@persons}"/>
            <xsl:for-each select="found"><input type="hidden" name="p{@id}" value="1"/></xsl:for-each>
            <xsl:if test="@act = 'revoke'">
                <fieldset id="reason">
                    <legend><m:t k="revoke.reason"/></legend>
                    <xsl:apply-templates select="problem[@field = 'reason']" mode="beside"/>
                    <xsl:call-template name="reason"><xsl:with-param name="reason">cessationOfOperation</xsl:with-param></xsl:call-template>
                    <xsl:call-template name="reason"><xsl:with-param name="reason">affiliationChanged</xsl:with-param></xsl:call-template>
                    <xsl:call-template name="reason"><xsl:with-param name="reason">unspecified</xsl:with-param></xsl:call-template>
                </fieldset>
                <xsl:call-template name="desk-note"/>
            </xsl:if>
            <p class="actions">
                <button type="submit"><xsl:attribute name="class"><xsl:choose><xsl:when test="@act = 'ask'">main</xsl:when><xsl:otherwise>danger</xsl:otherwise></xsl:choose></xsl:attribute><m:t k="desk.absent.do.{@act}"/></button>
                <a class="button plain" href="/helpdesk/absent"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>
</xsl:stylesheet>
